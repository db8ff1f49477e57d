package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.layout.Geometry.BLOCK;

import java.io.IOException;
import java.util.StringJoiner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Where the log says that the blocks of a volume are. */
class BlockStatesTest {

  private SmallVolume volume;

  @BeforeEach
  void begin() throws IOException {
    volume = new SmallVolume();
    volume.stopWriteBack();
  }

  @AfterEach
  void end() {
    volume.close();
  }

  /** Blocks and state of each extent. */
  private String states(long block, long blocks) {
    return states(block * BLOCK, blocks * BLOCK, 100);
  }

  private String states(long offset, long length, int most) {
    Extents extents = new Extents(most, unused -> {}).ask(offset, length, most);
    volume.driver.states(extents);
    assertThat(extents.error).isZero();
    StringJoiner text = new StringJoiner(" ");
    for (int i = 0; i < extents.count(); i++) {
      boolean whole = extents.length(i) % BLOCK == 0;
      long size = whole ? extents.length(i) / BLOCK : extents.length(i);
      text.add(size + (whole ? "" : "B") + ":" + extents.state(i));
    }
    return text.toString();
  }

  private void drain() {
    volume.driver.drain();
    volume.seconds(5);
    volume.driver.cancelDrain();
  }

  private void zero(Operation operation, long block, long blocks) {
    Request request = volume.request().set(operation, 0, block * BLOCK, blocks * BLOCK);
    volume.driver.submit(new Request[] {request}, 1);
    assertThat(volume.isDone(request)).isTrue();
  }

  @Test
  void aBlockIsAbsentThenDirtyThenCleanAndAbsentAgainWhenItsSlotIsReused() {
    assertThat(states(0, 64)).isEqualTo("64:0");
    volume.write(3);
    volume.write(4);
    assertThat(states(0, 64)).isEqualTo("3:0 2:2 59:0");
    drain();
    assertThat(states(0, 64)).isEqualTo("3:0 2:1 59:0");
    volume.write(4);
    assertThat(states(0, 64)).isEqualTo("3:0 1:1 1:2 59:0");
    for (int round = 0; round < SmallVolume.SEGMENTS; round++) {
      for (int i = 0; i < 2 * SmallVolume.LINES; i++) {
        volume.write(100 + i);
      }
      drain();
    }
    assertThat(states(0, 64)).isEqualTo("64:0");
  }

  @Test
  void zeroRunsAreZeroUntilTheyAreWrittenOver() {
    volume.write(5);
    zero(Operation.WRITE_ZEROES, 2, 10);
    zero(Operation.TRIM, 20, 2);
    assertThat(states(0, 32)).isEqualTo("2:0 10:3 8:0 2:3 10:0");
    volume.write(3);
    assertThat(states(0, 32)).isEqualTo("2:0 1:3 1:2 8:3 8:0 2:3 10:0");
    drain();
    assertThat(states(0, 32)).isEqualTo("2:0 1:3 1:1 8:3 8:0 2:3 10:0");
  }

  @Test
  void aLineOfSomeSectorsIsALine() {
    Request sector =
        volume
            .request()
            .set(Operation.WRITE, 0, 512, 512, java.lang.foreign.Arena.global().allocate(512), 0);
    volume.driver.submit(new Request[] {sector}, 1);
    assertThat(states(0, 2)).isEqualTo("1:2 1:0");
    drain();
    assertThat(states(0, 2)).isEqualTo("1:1 1:0");
  }

  @Test
  void theAnswerBeginsAndEndsWhereItWasAsked() {
    volume.write(1);
    assertThat(states(512, 2 * BLOCK, 9)).isEqualTo("3584B:0 1:2 512B:0");
    assertThat(states(BLOCK + 512, 1024, 9)).isEqualTo("1024B:2");
  }

  @Test
  void theAnswerEndsWhereThereIsNoRoomForMore() {
    volume.write(1);
    assertThat(states(0, 5 * BLOCK, 2)).isEqualTo("1:0 1:2");
    assertThat(states(0, 5 * BLOCK, 1)).isEqualTo("1:0");
  }

  @Test
  void aSuspendedVolumeWhoseDevicesHangAnswers() {
    volume.write(1);
    volume.cache.closeGate();
    volume.backing.closeGate();
    volume.suspend();
    assertThat(states(0, 3)).isEqualTo("1:0 1:2 1:0");
  }

  @Test
  void outsideOfTheVolumeThereIsNothingToAsk() {
    long size = volume.backing.size();
    for (long[] range : new long[][] {{size, 1}, {-512, 512}, {0, size + 1}, {0, 0}, {512, -1}}) {
      Extents extents = new Extents(4, unused -> {}).ask(range[0], range[1], 4);
      volume.driver.states(extents);
      assertThat(extents.error).as("%d+%d", range[0], range[1]).isEqualTo(Errno.EINVAL);
    }
  }
}
