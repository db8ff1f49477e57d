package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Crc32c;
import writeboost.simulate.VolatileSectors.Write;

/**
 * A disk with a volatile cache, as unreliable as the promises allow: until a flush, each sector
 * that was written may be kept or lost by itself, in any of its versions. A sector of 512 bytes is
 * never torn. One thread.
 *
 * <p>A request is submitted, then carried out, then answered; each is an event of its own. Without
 * a queue all of it happens inside {@link #submit}, for start-up code; then every request is a
 * place where the world may end.
 *
 * <p>A flush covers the writes that had been <em>answered</em> before it was submitted; of others
 * it may make durable what it likes.
 */
public final class SimulatedDisk implements BlockDevice {

  private static final Limits LIMITS =
      new Limits(false, SECTOR, 4096, /* canZero= */ true, /* canTrim= */ true);

  /** In which a small log comes round. */
  private static final int LONG_ANSWER_NS = 2_000_000;

  /** A request between its submission and its answer. */
  private static final class Flight {
    final Request request;
    final long submittedAt;
    final long checksum;
    @Nullable Write write;
    boolean executed;

    Flight(Request request, long submittedAt, long checksum) {
      this.request = request;
      this.submittedAt = submittedAt;
      this.checksum = checksum;
    }
  }

  private final String name;
  private final Chance chance;
  private final EventQueue queue;
  private final Moments moments;
  private final VolatileSectors sectors;
  private final List<Flight> flights = new ArrayList<>();

  /** Orders answers and submissions of flushes. */
  private long clock;

  private boolean inline = true;
  private double crashOdds;
  private long latencyNs = 1;
  private long flushNs = 1;
  private long flushes;
  private int failuresLeft;
  private double failureOdds;
  private long failures;
  private long failedFlushes;
  private long forgotten;
  private double stuckOdds;
  private long stuck;

  /**
   * @param name what messages call it
   * @param sizeBytes a multiple of 512
   */
  public SimulatedDisk(String name, long sizeBytes, Chance chance, EventQueue queue) {
    this(name, sizeBytes, chance, queue, new Moments(0));
  }

  /**
   * @param moments of the world that the disk is in
   */
  SimulatedDisk(String name, long sizeBytes, Chance chance, EventQueue queue, Moments moments) {
    this.moments = moments;
    this.name = name;
    this.chance = chance;
    this.queue = queue;
    sectors = new VolatileSectors(Math.toIntExact(sizeBytes / SECTOR), chance);
  }

  // how it behaves

  /** From now on requests are answered inside submit, and each is a crash with these odds. */
  public void answerAtOnce(double newCrashOdds) {
    inline = true;
    crashOdds = newCrashOdds;
  }

  /**
   * From now on {@code count} writes and flushes fail, each with these odds. A write that has
   * failed may be there in part; a flush that has failed may have thrown away what it should have
   * kept.
   */
  public void fail(int count, double odds) {
    failuresLeft = count;
    failureOdds = odds;
  }

  /** Requests that have failed, over all lives. */
  public long failures() {
    return failures;
  }

  /** Flushes among them. */
  public long failedFlushes() {
    return failedFlushes;
  }

  /** Sectors that a failed flush has thrown away, over all lives. */
  public long forgotten() {
    return forgotten;
  }

  /** From now on each request is never answered, with these odds. */
  public void hang(double odds) {
    stuckOdds = odds;
  }

  /** Requests that will never be answered in this life. */
  public long stuck() {
    return stuck;
  }

  /** Whether the disk holds changes that it has not answered. */
  public boolean isChanging() {
    return flights.stream().anyMatch(flight -> flight.request.operation.changes());
  }

  /**
   * From now on requests take their time, around {@code newLatencyNs} for each of two steps, a
   * flush {@code newFlushNs}.
   */
  public void takeTime(long newLatencyNs, long newFlushNs) {
    inline = false;
    latencyNs = newLatencyNs;
    flushNs = newFlushNs;
  }

  private long latency(Flight flight) {
    return flight.request.operation == Operation.FLUSH ? flushNs : latencyNs;
  }

  @Override
  public long size() {
    return (long) sectors.count() * SECTOR;
  }

  @Override
  public Limits limits() {
    return LIMITS;
  }

  /** Flushes carried out, over all lives. */
  public long flushes() {
    return flushes;
  }

  // the way of a request

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      requireSane(request);
      Flight flight = new Flight(request, ++clock, checksum(request));
      queue.trace(request.operation.ordinal());
      queue.trace(request.offset);
      queue.trace(request.length);
      queue.trace(flight.checksum);
      if (inline) {
        atOnce(flight);
      } else {
        requireAlone(request);
        flights.add(flight);
        if (chance.happens(stuckOdds)) {
          stuck++;
        } else {
          queue.later(latency(flight), () -> execute(flight));
        }
      }
    }
  }

  /**
   * Every sector is looked at, and much may happen between that and the answer; some of it may be
   * missing, or it never comes.
   */
  @Override
  public void describe(Extents extents) {
    if (inline) {
      look(extents);
      extents.complete(Errno.OK);
    } else if (!chance.happens(stuckOdds)) {
      queue.later(latencyNs, () -> lookAndAnswer(extents));
    }
  }

  private void lookAndAnswer(Extents extents) {
    look(extents);
    int longNs = chance.oneOf(1, LONG_ANSWER_NS, LONG_ANSWER_NS);
    queue.later(latencyNs + longNs, () -> extents.complete(Errno.OK));
  }

  private void look(Extents extents) {
    MemorySegment image = image();
    boolean more = true;
    while (more && !(extents.count() > 0 && chance.oneIn(100))) {
      long offset = extents.offset + extents.described();
      boolean zero = Payload.read(image, offset, offset / SECTOR) == Payload.ZEROES;
      more = extents.add(SECTOR, zero ? Extents.HOLE | Extents.ZERO : 0);
    }
  }

  private void atOnce(Flight flight) {
    // A crash at a read is like one at the change before it; most requests of a start are reads.
    boolean read = flight.request.operation == Operation.READ;
    if (moments.isEnd() || chance.happens(read ? crashOdds / 10 : crashOdds)) {
      perform(flight, chance.oneOf(0, 0.5, 1));
      throw new SimulatedCrash(name + ": " + flight.request);
    }
    perform(flight, 1);
    answered(flight);
    flight.request.complete(Errno.OK);
  }

  private void execute(Flight flight) {
    requireUnchanged(flight);
    boolean fails = failuresLeft > 0 && isWriteOrFlush(flight) && chance.happens(failureOdds);
    if (fails) {
      failuresLeft--;
      failures++;
      failToPerform(flight);
    } else {
      perform(flight, 1);
    }
    queue.later(latency(flight), () -> answer(flight, fails ? Errno.EIO : Errno.OK));
  }

  private static boolean isWriteOrFlush(Flight flight) {
    Operation operation = flight.request.operation;
    return operation != Operation.READ;
  }

  /** A write gets through in part; a flush that fails has forgotten some of what it should keep. */
  private void failToPerform(Flight flight) {
    if (flight.request.operation != Operation.FLUSH) {
      perform(flight, chance.oneOf(0, 0.5));
      return;
    }
    flight.executed = true;
    failedFlushes++;
    forgotten += sectors.forgetSome();
  }

  private void answer(Flight flight, int error) {
    requireUnchanged(flight);
    flights.remove(flight);
    if (error == Errno.OK) {
      answered(flight);
    }
    flight.request.complete(error);
  }

  private void answered(Flight flight) {
    clock++;
    if (flight.write != null) {
      flight.write.answeredAt = clock;
    }
  }

  /** Carries out each sector of a change with the probability {@code part}. */
  private void perform(Flight flight, double part) {
    flight.executed = true;
    Request request = flight.request;
    int first = (int) (request.offset / SECTOR);
    int count = (int) (request.length / SECTOR);
    switch (request.operation) {
      case READ -> sectors.read(first, count, request);
      case WRITE -> {
        byte[] data = new byte[(int) request.length];
        MemorySegment.copy(
            request.data, ValueLayout.JAVA_BYTE, request.dataOffset, data, 0, data.length);
        flight.write = new Write(data, request.offset);
        sectors.write(first, count, flight.write, SECTOR, part);
      }
      case WRITE_ZEROES -> {
        flight.write = Write.ofZeroes(request.offset);
        sectors.write(first, count, flight.write, 0, part);
      }
      case TRIM -> {}
      case FLUSH -> {
        flushes++;
        sectors.settle(flight.submittedAt, part);
      }
    }
  }

  // the end of the world

  /** The process dies: what was carried out is readable and volatile; the rest may get through. */
  public void kill() {
    finishFlights();
    clock++;
    sectors.markAnswered(clock);
  }

  /**
   * The power fails: what is not flushed is kept with the probability {@code keep}, sector by
   * sector or, as {@code wholeWrites}, write by write.
   */
  public void losePower(double keep, boolean wholeWrites) {
    losePower(keep, wholeWrites, (offset, sector, kept) -> {});
  }

  void losePower(double keep, boolean wholeWrites, VolatileSectors.Fate fate) {
    finishFlights();
    sectors.losePower(keep, wholeWrites, fate);
  }

  private void finishFlights() {
    for (Flight flight : flights) {
      boolean changes = flight.request.operation.changes();
      if (!flight.executed && changes) {
        perform(flight, chance.oneOf(0, 0.5, 1));
      }
    }
    flights.clear();
    stuck = 0;
    stuckOdds = 0;
  }

  /** As {@link VolatileSectors#flip}. */
  Runnable flip(long offset, int bit) {
    return sectors.flip(offset, bit);
  }

  /** What would be read now. */
  MemorySegment image() {
    return sectors.image();
  }

  // what is asked of those who use it

  private void requireSane(Request request) {
    boolean outside =
        request.offset < 0 || request.length < 0 || request.offset > size() - request.length;
    if (outside || ((request.offset | request.length) & (SECTOR - 1)) != 0) {
      throw new Violation(name + ": a request outside the device or unaligned: " + request);
    }
  }

  /** No two requests in flight may touch the same sector if one of them changes it. */
  private void requireAlone(Request request) {
    for (Flight flight : flights) {
      Request other = flight.request;
      boolean overlap =
          request.offset < other.offset + other.length
              && other.offset < request.offset + request.length;
      if (overlap && conflict(request, other)) {
        throw new Violation(name + ": " + request + " while " + other + " is on its way");
      }
    }
  }

  private static boolean conflict(Request one, Request other) {
    return one.operation.changes() && other.operation.changes();
  }

  private void requireUnchanged(Flight flight) {
    if (checksum(flight.request) != flight.checksum) {
      throw new Violation(name + ": memory changed while lent to the device: " + flight.request);
    }
  }

  private static long checksum(Request request) {
    if (request.operation != Operation.WRITE) {
      return 0;
    }
    return Crc32c.of(request.data, request.dataOffset, request.length);
  }

  @Override
  public void close() {}
}
