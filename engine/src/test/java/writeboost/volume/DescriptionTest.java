package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.layout.Geometry.BLOCK;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.KnownZeroes;
import writeboost.device.Operation;
import writeboost.device.Request;

/** What a volume says of its space: the log first, then the backing device. */
class DescriptionTest {

  private static final int HOLE = Extents.HOLE | Extents.ZERO;

  /** Blocks of which the backing device can say that they were never written, together. */
  private static final int REGION = 16;

  private SmallVolume volume;
  private final List<Extents> answered = new ArrayList<>();

  @BeforeEach
  void begin() throws IOException {
    volume = new SmallVolume();
    volume.stopWriteBack();
  }

  @AfterEach
  void end() {
    volume.close();
  }

  private Extents ask(long block, long blocks, int most) {
    Extents extents = new Extents(most, answered::add).ask(block * BLOCK, blocks * BLOCK, most);
    volume.driver.describe(extents);
    return extents;
  }

  /** Blocks and state of each extent. */
  private static long[] answer(Extents extents) {
    assertThat(extents.error).isZero();
    long[] pairs = new long[2 * extents.count()];
    for (int i = 0; i < extents.count(); i++) {
      pairs[2 * i] = extents.length(i) / BLOCK;
      pairs[2 * i + 1] = extents.state(i);
    }
    return pairs;
  }

  private void onBackingDevice(long block) throws IOException {
    new Blocking(volume.backing, "backing")
        .write(block * BLOCK, Arena.global().allocate(BLOCK).fill((byte) 1));
  }

  private void zero(long block, long blocks) {
    Request request = volume.request().set(Operation.TRIM, 0, block * BLOCK, blocks * BLOCK);
    volume.driver.submit(new Request[] {request}, 1);
    assertThat(volume.isDone(request)).isTrue();
  }

  /** All that the log has leaves it. */
  private void lap() {
    for (int round = 0; round < SmallVolume.SEGMENTS; round++) {
      for (int i = 0; i < 2 * SmallVolume.LINES; i++) {
        volume.write(500 + i);
      }
      volume.driver.drain();
      volume.seconds(5);
      volume.driver.cancelDrain();
    }
  }

  @Test
  void whatTheLogDoesNotHaveIsAskedOfTheBackingDevice() throws IOException {
    onBackingDevice(2 * REGION);
    volume.write(1);
    zero(4, 4);
    Extents all = ask(0, 4 * REGION, 20);
    assertThat(answered).containsExactly(all);
    // The hole of the zero run and that of the backing device are one.
    assertThat(answer(all))
        .containsExactly(1, HOLE, 1, 0, 30, HOLE, 1, 0, 15, Extents.ZERO, 16, HOLE);
    assertThat(answer(ask(0, 4 * REGION, 2))).containsExactly(1, HOLE, 1, 0);
    assertThat(answer(ask(2, 1, 2))).containsExactly(1, HOLE);
  }

  @Test
  void zeroRunsHideWhatTheBackingDeviceHas() throws IOException {
    onBackingDevice(3);
    assertThat(answer(ask(3, 1, 2))).containsExactly(1, 0);
    zero(2, 4);
    assertThat(answer(ask(2, 4, 2))).containsExactly(4, HOLE);
    volume.write(3);
    assertThat(answer(ask(2, 4, 9))).containsExactly(1, HOLE, 1, 0, 2, HOLE);
  }

  /**
   * The backing device says "hole" of a dirty block; the block is written back, and the log forgets
   * it, before that answer comes.
   */
  @Test
  void aBlockThatIsWrittenBackMeanwhileIsNoHole() {
    volume.write(5);
    volume.backing.answerLate();
    Extents question = ask(0, REGION, 20);
    lap();
    Extents after = new Extents(9, unused -> {}).ask(5 * BLOCK, BLOCK, 9);
    volume.driver.states(after);
    assertThat(after.state(0)).as("it has left the log").isEqualTo(BlockState.ABSENT);
    assertThat(answered).isEmpty();
    volume.backing.answerNow();
    assertThat(answered).containsExactly(question);
    assertThat(question.count()).isGreaterThan(1);
    assertThat(question.length(0)).isEqualTo(5 * BLOCK);
    assertThat(question.state(1)).as("the block held data all the time").isZero();
  }

  @Test
  void whereNothingIsKnownItIsData() {
    volume.backing.failWith(Errno.EIO);
    assertThat(answer(ask(0, 4, 4))).containsExactly(4, 0);
  }

  @Test
  void aSuspendedVolumeLeavesItsDevicesAlone() {
    zero(0, 2);
    volume.suspend();
    assertThat(answer(ask(0, 4, 4))).containsExactly(2, HOLE, 2, 0);
    volume.driver.prefetch(0, 8 * BLOCK);
    assertThat(volume.backing.questions()).isZero();
    assertThat(volume.backing.hints()).isEmpty();
  }

  @Test
  void aStoppedVolumeIsNotLookedInto() {
    Request stopped = volume.request();
    volume.driver.stop(stopped);
    assertThat(ask(0, 4, 4).error).isEqualTo(Errno.ESHUTDOWN);
    assertThat(volume.driver.isIdle()).isTrue();
  }

  @Test
  void hintsGoOnWhereTheLogHasNothing() {
    volume.write(2);
    zero(4, 2);
    volume.driver.prefetch(0, 8 * BLOCK);
    long block = BLOCK;
    assertThat(volume.backing.hints())
        .containsExactly(0L, 2 * block, 3 * block, block, 6 * block, 2 * block);
  }

  @Test
  void aReadSaysWhatItKnewToBeZeroes() {
    volume.write(2);
    zero(4, 4);
    zero(20, 2);
    KnownZeroes known = new KnownZeroes(8);
    Request read = volume.request();
    MemorySegment data = Arena.global().allocate(32 * BLOCK).fill((byte) 9);
    read.set(Operation.READ, 0, 512, 32 * BLOCK - 512, data, 0);
    read.zeroes = known;
    volume.driver.submit(new Request[] {read}, 1);
    assertThat(volume.isDone(read)).isTrue();
    assertThat(known.count()).isEqualTo(2);
    assertThat(new long[] {known.start(0), known.end(0), known.start(1), known.end(1)})
        .containsExactly(4 * BLOCK, 8 * BLOCK, 20 * BLOCK, 22 * BLOCK);
    for (int i = 0; i < 2; i++) {
      long bytes = known.end(i) - known.start(i);
      assertThat(data.asSlice(known.start(i) - 512, bytes).mismatch(Arena.global().allocate(bytes)))
          .isEqualTo(-1);
    }
  }
}
