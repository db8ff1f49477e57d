package writeboost.volume;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.effect.Timer;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;
import writeboost.volume.Health.State;

/**
 * A backing device in trouble, of every kind there is: nothing that was acknowledged is lost,
 * health says what is wrong, and all goes on by itself when the device does. In simulated time.
 */
class OutageTest {

  private static final int BLOCK = Geometry.BLOCK;
  private static final int ORDER = 5;
  private static final int LINES = (1 << ORDER - 3) - 1;
  private static final int SLOTS = 8;
  private static final int BACKING_BYTES = 64 * BLOCK;
  private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Arena arena = Arena.ofShared();
  private final OutageDevice backing = new OutageDevice(BACKING_BYTES);
  private final OutageDevice cache =
      new OutageDevice(Geometry.SUPERBLOCK_REGION + ((long) SLOTS << ORDER + 9));
  private final Map<Integer, Integer> expected = new HashMap<>();
  private final List<Request> pending = new ArrayList<>();
  private Core core;
  private Driver driver;
  private long nowNs = 1_000_000_000_000L;

  @BeforeEach
  void begin() throws IOException {
    Geometry geometry = new Geometry(ORDER, cache.size());
    Superblock superblock = Superblock.create(geometry, UUID.randomUUID(), BACKING_BYTES, 0, 0);
    Blocking blocking = new Blocking(cache, "cache");
    Formatter.format(blocking, superblock, Formatter.Clearing.NOTHING, Formatter.Progress.NONE);
    start(false);
  }

  private void start(boolean failWhenFull) throws IOException {
    Blocking blocking = new Blocking(cache, "cache");
    core = Start.resume(blocking, false, 3, bytes -> arena.allocate(bytes, BLOCK)).core();
    core.begin(Tunables.STANDARD, failWhenFull);
    driver = new Driver(core, cache, backing, new OwnTime());
    pass(1);
  }

  /** Goes on when {@link #pass} says so. */
  private final class OwnTime implements Time {
    @Override
    public long nowNs() {
      return nowNs;
    }

    @Override
    public void start(Timer timer) {
      throw new IllegalStateException("no barrier is put off here");
    }
  }

  @AfterEach
  void end() {
    backing.close();
    cache.close();
    arena.close();
  }

  /** So many seconds pass. */
  private void pass(double seconds) {
    for (long i = 0; i < seconds * 10; i++) {
      nowNs += TICK_NS;
      driver.tick(nowNs);
    }
  }

  // requests; an error of -1 is no answer yet

  private Request submit(Operation operation, int block, int blocks, int value) {
    MemorySegment data = arena.allocate((long) blocks * BLOCK);
    for (long i = 0; i < data.byteSize() / 4; i++) {
      data.setAtIndex(JAVA_INT, i, value);
    }
    Request request = new Request(pending::remove);
    request.set(operation, 0, (long) block * BLOCK, (long) blocks * BLOCK, data, 0);
    pending.add(request);
    driver.submit(new Request[] {request}, 1);
    return request;
  }

  private boolean isAnswered(Request request) {
    return !pending.contains(request);
  }

  /** Not answered at once where the log is full. */
  private Request write(int block, int value) {
    expected.put(block, value);
    return submit(Operation.WRITE, block, 1, value);
  }

  private Request zero(int block, int blocks) {
    for (int i = 0; i < blocks; i++) {
      expected.put(block + i, 0);
    }
    return submit(Operation.WRITE_ZEROES, block, blocks, 0);
  }

  private void flush() {
    Request flush = new Request(answered -> {}).set(Operation.FLUSH, 0, 0, 0);
    boolean[] answered = new boolean[1];
    flush.completion(request -> answered[0] = true);
    driver.submit(new Request[] {flush}, 1);
    assertThat(answered[0]).as("flush answered").isTrue();
    assertThat(flush.error).isZero();
  }

  private void assertReads(int block) {
    Request read = submit(Operation.READ, block, 1, -1);
    assertThat(isAnswered(read)).as("read of block %d answered", block).isTrue();
    assertThat(read.error).isZero();
    assertThat(read.data.getAtIndex(JAVA_INT, 7)).isEqualTo(expected.get(block));
  }

  private Health health() {
    return core.snapshot().health();
  }

  /** Everything gets to the backing device, and would survive a loss of power there. */
  private void assertAllIsWellAgain() {
    pass(60);
    assertThat(pending).isEmpty();
    assertThat(health()).extracting(Health::state, Health::reason).containsExactly(State.OK, "");
    assertThat(health().forNs()).isPositive();
    expected.keySet().forEach(this::assertReads);
    driver.drain();
    pass(60);
    assertThat(core.snapshot().isDrained()).isTrue();
    for (Map.Entry<Integer, Integer> each : expected.entrySet()) {
      int found = backing.durable().get(JAVA_INT, (long) each.getKey() * BLOCK + 4);
      assertThat(found).as("block %d", each.getKey()).isEqualTo(each.getValue());
    }
  }

  private static boolean isWrite(Request request) {
    return request.operation == Operation.WRITE;
  }

  private static boolean isFlush(Request request) {
    return request.operation == Operation.FLUSH;
  }

  private enum Outage {
    REFUSED(Errno.EPERM, device -> device.refuse(Errno.EPERM, request -> true)),
    BROKEN(Errno.EIO, device -> device.refuse(Errno.EIO, request -> true)),
    FULL(Errno.ENOSPC, device -> device.refuse(Errno.ENOSPC, OutageTest::isWrite)),
    GONE(Errno.ESHUTDOWN, device -> device.refuse(Errno.ESHUTDOWN, request -> true)),
    HUNG(0, device -> device.hold(request -> true)),
    HUNG_WRITE(0, device -> device.hold(OutageTest::isWrite)),
    HUNG_FLUSH(0, device -> device.hold(OutageTest::isFlush)),
    FAILED_FLUSH(Errno.EIO, device -> device.refuse(Errno.EIO, OutageTest::isFlush)),
    FORGETFUL_FLUSH(
        Errno.EIO,
        device ->
            device.refuse(
                Errno.EIO,
                request -> {
                  if (isFlush(request)) {
                    device.forget();
                  }
                  return isFlush(request);
                }));

    final int error;
    final Consumer<OutageDevice> begin;

    Outage(int error, Consumer<OutageDevice> begin) {
      this.error = error;
      this.begin = begin;
    }
  }

  @ParameterizedTest
  @EnumSource
  void theLogTakesWritesWhileThereIsRoomAndAllGoesOnByItself(Outage outage) {
    for (int block = 0; block < LINES; block++) {
      write(block, 1);
    }
    outage.begin.accept(backing);
    int room = LINES * (SLOTS - 2);
    for (int i = 0; i < room; i++) {
      write(i % 30, 100 + i);
    }
    flush();
    assertThat(pending).as("there is room").isEmpty();
    pass(20);
    assertThat(health().state()).isEqualTo(State.DEGRADED);
    assertThat(health().reason())
        .contains("BACKING", outage.error == 0 ? "no answer" : Errno.name(outage.error));
    for (int i = 0; i < 10; i++) {
      write(30 + i, 200 + i);
    }
    assertThat(pending).as("there is no room").isNotEmpty();
    pass(60);
    assertThat(pending).as("still waiting").isNotEmpty();
    flush();
    expected.keySet().stream().filter(block -> block < 20).forEach(this::assertReads);
    assertThat(health().forNs()).isGreaterThan(TimeUnit.SECONDS.toNanos(60));
    backing.mend();
    assertAllIsWellAgain();
  }

  @ParameterizedTest
  @EnumSource
  void writesThatWouldWaitForABackingDeviceInTroubleFailWhereThatIsAskedFor(Outage outage)
      throws IOException {
    start(true);
    outage.begin.accept(backing);
    for (int i = 0; i < LINES * (SLOTS - 1); i++) {
      assertThat(write(i % 30, 100 + i).error).isZero();
    }
    assertThat(pending).isEmpty();
    List<Request> tooMany = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tooMany.add(submit(Operation.WRITE, 40 + i, 1, 1));
    }
    flush();
    pass(10);
    assertThat(pending).isEmpty();
    assertThat(tooMany).allMatch(request -> request.error == Errno.ENOSPC);
    assertThat(isAnswered(submit(Operation.WRITE, 50, 1, 1))).as("answered at once").isTrue();
    flush();
    backing.mend();
    pass(20);
    for (int i = 0; i < 5; i++) {
      assertThat(write(40 + i, 300).error).isZero();
    }
    assertAllIsWellAgain();
  }

  /** A full log alone is no trouble: write-back is at work. */
  @Test
  void writesWaitWhileWriteBackIsMerelyBusy() throws IOException {
    start(true);
    backing.hold(OutageTest::isFlush);
    for (int i = 0; i < LINES * (SLOTS - 1) + 5; i++) {
      write(i % 30, 100 + i);
      if (i % 10 == 0) {
        pass(0.1);
      }
    }
    assertThat(pending).hasSize(5);
    assertThat(health().state()).isEqualTo(State.OK);
    backing.mend();
    assertThat(pending).isEmpty();
    assertAllIsWellAgain();
  }

  @Test
  void aReadThatFailsIsAnErrorAndTroubleUntilTheDeviceWorksAgain() {
    backing.refuse(Errno.EIO, request -> request.operation == Operation.READ);
    assertThat(submit(Operation.READ, 9, 1, 0).error).isEqualTo(Errno.EIO);
    pass(60);
    assertThat(health().state()).isEqualTo(State.DEGRADED);
    assertThat(health().reason()).contains("BACKING READ", "EIO");
    backing.mend();
    pass(60);
    assertThat(health().state()).as("nothing shows yet that it works").isEqualTo(State.DEGRADED);
    assertThat(submit(Operation.READ, 9, 1, 0).error).isZero();
    assertThat(health().state()).as("not at once").isEqualTo(State.DEGRADED);
    assertAllIsWellAgain();
  }

  @Test
  void aReadThatHangsIsTroubleUntilItIsAnswered() {
    backing.hold(request -> request.operation == Operation.READ);
    Request read = submit(Operation.READ, 9, 1, 0);
    pass(3);
    assertThat(health().state()).isEqualTo(State.OK);
    pass(3);
    assertThat(health().state()).isEqualTo(State.DEGRADED);
    assertThat(health().reason()).contains("BACKING READ", "no answer");
    for (int block = 0; block < 50; block++) {
      write(block, 5);
    }
    pass(10);
    assertThat(core.snapshot().linesWrittenBack()).as("write-back goes on").isPositive();
    assertThat(isAnswered(read)).isFalse();
    backing.mend();
    assertThat(read.error).isZero();
    assertAllIsWellAgain();
  }

  /** The device answers a write late: only then is its block written again. */
  @Test
  void whatHangsIsNotIssuedAgain() {
    backing.hold(OutageTest::isWrite);
    for (int i = 0; i < LINES * (SLOTS - 1); i++) {
      write(i % 5, i);
    }
    pass(100);
    int held = backing.unanswered();
    pass(1000);
    assertThat(backing.unanswered()).isEqualTo(held);
    backing.mend();
    assertAllIsWellAgain();
  }

  @Test
  void onlySomeBlocksAreRefused() {
    backing.refuse(Errno.EIO, request -> isWrite(request) && touches(request, 3));
    for (int lap = 0; lap < 4; lap++) {
      for (int block = 0; block < LINES * SLOTS; block++) {
        write(block, 10 + lap);
        pass(0.1);
      }
    }
    pass(100);
    assertThat(pending).isEmpty();
    assertThat(health().state()).isEqualTo(State.DEGRADED);
    backing.mend();
    for (int i = 0; i < LINES * SLOTS; i++) {
      write(20 + i % 5, i);
      pass(0.1);
    }
    assertAllIsWellAgain();
  }

  @Test
  void aZeroRunThatTheBackingDeviceRefuses() {
    backing.refuse(Errno.EIO, request -> request.operation == Operation.WRITE_ZEROES);
    write(4, 7);
    zero(2, 10);
    write(5, 8);
    pass(100);
    assertAllIsWellAgain();
  }

  private static boolean touches(Request request, int block) {
    long at = (long) block * BLOCK;
    return request.offset < at + BLOCK && at < request.offset + request.length;
  }

  @Test
  void aCacheDeviceThatFailsEndsTheVolumesWritesForGood() {
    write(1, 1);
    cache.refuse(Errno.EIO, request -> isWrite(request) || isFlush(request));
    Request flush = new Request(answered -> {}).set(Operation.FLUSH, 0, 0, 0);
    driver.submit(new Request[] {flush}, 1);
    assertThat(flush.error).isEqualTo(Errno.EIO);
    assertThat(health().state()).isEqualTo(State.FAILED);
    assertThat(health().reason()).contains("cache", "EIO");
    cache.mend();
    pass(60);
    assertThat(health().state()).isEqualTo(State.FAILED);
    assertThat(submit(Operation.WRITE, 2, 1, 1).error).isEqualTo(Errno.EIO);
    assertThat(submit(Operation.READ, 9, 1, 1).error).isZero();
    assertReads(1);
  }

  @Test
  void aCacheDeviceThatDoesNotAnswerIsTrouble() {
    cache.hold(OutageTest::isFlush);
    Request flush = new Request(answered -> {}).set(Operation.FLUSH, 0, 0, 0);
    write(1, 1);
    driver.submit(new Request[] {flush}, 1);
    pass(10);
    assertThat(health().state()).isEqualTo(State.DEGRADED);
    assertThat(health().reason()).contains("CACHE FLUSH", "no answer");
    cache.mend();
    assertAllIsWellAgain();
  }
}
