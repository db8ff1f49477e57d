package writeboost.cli.endtoend;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * One client's writes, reads, zeroes and flushes on sectors of its own, with many in flight but
 * never two that overlap; what it reads has to be what it wrote last. One thread.
 */
final class VerifyingLoad implements Callable<Void> {

  private static final int IN_FLIGHT = 16;
  private static final int MAX_SECTORS_LOG = 11;

  private record InFlight(int sector, int count, boolean read, CompletableFuture<byte[]> answer) {
    boolean overlaps(int otherSector, int otherCount) {
      return sector < otherSector + otherCount && otherSector < sector + count;
    }
  }

  private final NbdClient client;
  private final int[] versions;
  private final int begin;
  private final int end;
  private final long bytesToWrite;
  private final Random random;
  private final Deque<InFlight> inFlight = new ArrayDeque<>();

  /**
   * @param versions of all sectors; those from {@code begin} to {@code end} are this load's alone
   */
  VerifyingLoad(
      NbdClient client, int[] versions, int begin, int end, long bytesToWrite, long seed) {
    this.client = client;
    this.versions = versions;
    this.begin = begin;
    this.end = end;
    this.bytesToWrite = bytesToWrite;
    random = new Random(seed);
  }

  @Override
  public Void call() throws Exception {
    long written = 0;
    for (int version = 1; written < bytesToWrite; version++) {
      int count = 1 + random.nextInt(1 << random.nextInt(MAX_SECTORS_LOG + 1));
      int sector = begin + random.nextInt(end - begin - count + 1);
      while (inFlight.stream().anyMatch(other -> other.overlaps(sector, count))
          || inFlight.size() >= IN_FLIGHT) {
        finishOldest();
      }
      int kind = random.nextInt(100);
      if (kind < 20) {
        inFlight.add(new InFlight(sector, count, true, client.read(offset(sector), bytes(count))));
      } else if (kind < 22) {
        inFlight.add(new InFlight(0, 0, false, client.flush()));
      } else {
        inFlight.add(write(sector, count, kind < 25 ? 0 : version, kind < 30));
        written += bytes(count);
      }
    }
    while (!inFlight.isEmpty()) {
      finishOldest();
    }
    return null;
  }

  private InFlight write(int sector, int count, int version, boolean fua) throws IOException {
    for (int i = 0; i < count; i++) {
      versions[sector + i] = version;
    }
    CompletableFuture<byte[]> answer =
        version == 0
            ? client.writeZeroes(offset(sector), bytes(count), fua)
            : client.write(offset(sector), Sectors.filled(sector, count, version), fua);
    return new InFlight(sector, count, false, answer);
  }

  private void finishOldest() throws Exception {
    InFlight oldest = inFlight.remove();
    byte[] data = NbdClient.await(oldest.answer);
    for (int i = 0; oldest.read && i < oldest.count; i++) {
      int sector = oldest.sector + i;
      int version = Sectors.version(data, bytes(i), sector);
      if (version != versions[sector]) {
        throw new AssertionError(
            "sector %d: version %d, not %d".formatted(sector, version, versions[sector]));
      }
    }
  }

  private static long offset(int sector) {
    return (long) sector * Sectors.BYTES;
  }

  private static int bytes(int sectors) {
    return sectors * Sectors.BYTES;
  }
}
