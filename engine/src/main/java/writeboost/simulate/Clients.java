package writeboost.simulate;

import static writeboost.layout.Geometry.SECTORS_PER_BLOCK;

import java.lang.foreign.MemorySegment;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import writeboost.device.Request;
import writeboost.layout.Geometry;
import writeboost.layout.Layout;

/**
 * A handful of clients with several requests on their way each. What they like to do is drawn anew
 * for each life. One thread.
 */
final class Clients {

  private static final int CLIENTS = 3;
  private static final int DEPTH = 4;
  private static final int BATCH_MAX = 4;

  /** Where requests go in. */
  interface Volume {
    void accept(Request[] batch, int count);

    void cancel(Request request);
  }

  private final Chance chance;

  /** Whether a TRIM is a promise of zeroes; otherwise it does nothing, and is not sent. */
  private final boolean trimsZero;

  private final EventQueue queue;
  private final int sectors;
  private final ClientRequest[][] requests = new ClientRequest[CLIENTS][DEPTH];
  private final Request[] batch = new Request[BATCH_MAX];

  private @Nullable Volume volume;
  private int left;
  private long thinkNs;
  private int depth = 1;
  private int writePercent;
  private int flushPercent;
  private int zeroPercent;
  private double fuaOdds;
  private double cancelOdds;
  private double hotOdds;
  private int hotBlock;

  /** Whether requests go over several blocks. */
  private boolean largeToo;

  /**
   * @param mayFail whether a request may be answered with an error
   */
  Clients(
      Chance chance,
      EventQueue queue,
      PrefixChecker checker,
      Layout layout,
      int sectors,
      MemorySegment memory,
      Predicate<Request> mayFail) {
    this.chance = chance;
    this.trimsZero = layout.hasZeroRuns();
    this.queue = queue;
    this.sectors = sectors;
    for (int client = 0; client < CLIENTS; client++) {
      int number = client;
      for (int i = 0; i < DEPTH; i++) {
        MemorySegment own =
            memory.asSlice((client * DEPTH + i) * ClientRequest.BYTES_MAX, ClientRequest.BYTES_MAX);
        requests[client][i] = new ClientRequest(checker, own, () -> think(number), mayFail);
      }
    }
  }

  static long memoryBytes() {
    return CLIENTS * DEPTH * ClientRequest.BYTES_MAX;
  }

  /**
   * A new life: so many requests are sent to {@code newVolume}, {@code withBarriers} or with hardly
   * any.
   */
  void begin(Volume newVolume, int count, boolean withBarriers) {
    volume = newVolume;
    left = count;
    thinkNs = chance.oneOf(1, 100, 3000);
    depth = chance.between(1, DEPTH);
    writePercent = chance.between(40, 90);
    flushPercent = withBarriers ? chance.oneOf(0, 2, 10, 40) : chance.oneOf(0, 0, 5);
    zeroPercent = chance.oneOf(0, 5, 20);
    fuaOdds = withBarriers ? chance.oneOf(0, 0.02, 0.2) : chance.oneOf(0, 0.02);
    cancelOdds = chance.oneOf(0, 0.1);
    hotOdds = chance.oneOf(0, 0.5, 0.95);
    largeToo = chance.oneIn(2);
    hotBlock = chance.below(blocks());
    for (int client = 0; client < CLIENTS; client++) {
      think(client);
    }
  }

  private int blocks() {
    return (sectors + SECTORS_PER_BLOCK - 1) / SECTORS_PER_BLOCK;
  }

  boolean haveSentAll() {
    return left == 0;
  }

  boolean areDone() {
    return left == 0 && pending() == 0;
  }

  int pending() {
    int count = 0;
    for (ClientRequest[] ofOne : requests) {
      for (ClientRequest request : ofOne) {
        count += request.isPending() ? 1 : 0;
      }
    }
    return count;
  }

  /** No more requests are sent. */
  void end() {
    left = 0;
  }

  /** The world has ended. */
  void drop() {
    left = 0;
    for (ClientRequest[] ofOne : requests) {
      for (ClientRequest request : ofOne) {
        request.drop();
      }
    }
  }

  private void think(int client) {
    queue.later(thinkNs, () -> send(client));
  }

  /** Sends what the client has room for, at most a batch. */
  private void send(int client) {
    int count = 0;
    int wanted = chance.between(1, BATCH_MAX);
    for (int i = 0; i < depth && count < wanted && left > 0; i++) {
      ClientRequest request = requests[client][i];
      if (!request.isPending()) {
        left--;
        fill(request);
        batch[count++] = request.request;
      }
    }
    if (count > 0 && volume != null) {
      volume.accept(batch, count);
    }
    if (chance.happens(cancelOdds)) {
      ClientRequest unwanted = requests[client][chance.below(depth)];
      queue.later(thinkNs, () -> cancel(unwanted));
    }
  }

  private void cancel(ClientRequest unwanted) {
    if (unwanted.isPending() && unwanted.isCancellable() && volume != null) {
      volume.cancel(unwanted.request);
    }
  }

  private void fill(ClientRequest request) {
    int kind = chance.below(100);
    if (kind < flushPercent) {
      request.flush();
      return;
    }
    int first = firstSector();
    int count = Math.min(length(), sectors - first);
    int flags = chance.happens(fuaOdds) ? Request.FUA : 0;
    int what = chance.below(100);
    if (what < writePercent) {
      if (chance.below(100) >= zeroPercent) {
        request.write(first, count, flags);
        return;
      }
      int zeroes = chance.oneIn(8) ? chance.between(1, sectors - first) : count;
      if (chance.oneIn(3) && trimsZero) {
        request.trim(first, zeroes);
      } else {
        request.writeZeroes(first, zeroes, flags);
      }
    } else {
      request.read(first, count);
    }
  }

  private int firstSector() {
    int block = chance.happens(hotOdds) ? hotBlock + chance.below(3) : chance.below(blocks());
    int within = chance.oneIn(2) ? 0 : chance.below(SECTORS_PER_BLOCK);
    return Math.min(sectors - 1, block * SECTORS_PER_BLOCK + within);
  }

  private int length() {
    return switch (chance.below(largeToo ? 6 : 4)) {
      case 0, 1 -> SECTORS_PER_BLOCK;
      case 2, 3 -> chance.between(1, SECTORS_PER_BLOCK - 1);
      case 4 -> SECTORS_PER_BLOCK * chance.between(1, 5);
      default -> chance.between(1, (int) (ClientRequest.BYTES_MAX / Geometry.SECTOR) / 2);
    };
  }
}
