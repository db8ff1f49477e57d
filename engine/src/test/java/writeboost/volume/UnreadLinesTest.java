package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.volume.Health.State;

/** What clients could not read from the cache device stays told, until it does not matter. */
class UnreadLinesTest {

  private SmallVolume volume;

  @BeforeEach
  void twoDirtyLinesThatAreNoLongerInRam() throws Exception {
    volume = new SmallVolume();
    volume.stopWriteBack();
    volume.seconds(3);
    volume.fillSegments(6);
    assertThat(volume.isDone(volume.flush())).isTrue();
    volume.cache.failWith(Errno.EIO);
    assertThat(volume.read(0).error).isEqualTo(Errno.EIO);
    assertThat(volume.read(0).error).isEqualTo(Errno.EIO);
    assertThat(volume.read(1).error).isEqualTo(Errno.EIO);
    volume.cache.failWith(Errno.OK);
    assertThat(volume.read(2).error).isEqualTo(Errno.OK);
    volume.seconds(5);
    assertUnread(2);
  }

  @AfterEach
  void close() {
    volume.close();
  }

  private void assertUnread(int lines) {
    Health health = volume.snapshot().health();
    assertThat(health.state()).isEqualTo(State.DEGRADED);
    assertThat(health.byCache()).isTrue();
    assertThat(health.reason()).startsWith("CACHE READ ").endsWith(": EIO");
    assertThat(volume.snapshot().damagedLines()).isEqualTo(lines);
  }

  private void assertWell() {
    assertThat(volume.snapshot().damagedLines()).isZero();
    volume.seconds(3);
    assertThat(volume.snapshot().health().state()).isEqualTo(State.OK);
  }

  @Test
  void untilTheyCanBeRead() {
    assertThat(volume.isDone(volume.read(0))).isTrue();
    volume.seconds(5);
    assertUnread(1);
    assertThat(volume.isDone(volume.read(1))).isTrue();
    assertWell();
  }

  @Test
  void untilTheyAreReplaced() {
    volume.write(0);
    volume.seconds(5);
    assertUnread(2);
    assertThat(volume.isDone(volume.flush())).isTrue();
    assertUnread(1);
    volume.write(1, (byte) 2, Request.FUA);
    assertWell();
  }

  @Test
  void untilTheyAreWrittenBack() {
    volume.driver.drain();
    volume.seconds(1);
    assertThat(volume.snapshot().isDrained()).isTrue();
    assertThat(volume.backing.count(Operation.WRITE)).isPositive();
    assertWell();
  }
}
