package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/** A suspended volume: what was accepted is safe, what comes waits in its order. */
class SuspensionTest {

  @Test
  void isQuietOnlyWhenAllIsDurableAndAnswered() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.write(1);
      volume.backing.closeGate();
      volume.cache.closeGate();
      Request miss = volume.read(500);
      Request quiesced = volume.suspend();
      assertThat(volume.cache.kept()).as("the write of the open group").isPositive();
      volume.cache.letPass();
      volume.cache.letPass();
      assertThat(volume.snapshot().unsavedBytes()).isZero();
      assertThat(volume.isAnswered(quiesced)).as("a read is under way").isFalse();
      volume.backing.openGate();
      assertThat(volume.isDone(miss)).isTrue();
      assertThat(volume.isDone(quiesced)).isTrue();
      assertThat(volume.cache.count(Operation.FLUSH)).isEqualTo(1);
      assertThat(volume.snapshot().suspended()).isTrue();
    }
  }

  @Test
  void keepsNewRequestsInTheirOrder() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.write(1, (byte) 1, 0);
      assertThat(volume.isDone(volume.suspend())).isTrue();
      volume.forget();
      volume.answered.clear();
      Request firstRead = volume.read(1);
      Request write = volume.write(1, (byte) 2, 0);
      Request durable = volume.write(1, (byte) 3, Request.FUA);
      Request lastRead = volume.read(1);
      Request flush = volume.flush();
      volume.seconds(7200);
      assertThat(volume.answered).isEmpty();
      assertThat(volume.cache.count() + volume.backing.count()).as("requests to devices").isZero();

      volume.driver.resume();
      assertThat(volume.answered)
          .containsExactlyInAnyOrder(firstRead, write, durable, lastRead, flush);
      assertThat(SmallVolume.content(firstRead)).isEqualTo((byte) 1);
      assertThat(SmallVolume.content(lastRead)).isEqualTo((byte) 3);
      assertThat(volume.snapshot().suspended()).isFalse();
    }
  }

  @Test
  void mayBeAskedForAndEndedMoreThanOnce() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.driver.resume();
      volume.write(1);
      volume.cache.closeGate();
      Request first = volume.suspend();
      Request second = volume.suspend();
      assertThat(volume.answered).doesNotContain(first, second);
      volume.cache.openGate();
      assertThat(volume.isDone(first)).isTrue();
      assertThat(volume.isDone(second)).isTrue();
      assertThat(volume.isDone(volume.suspend())).as("when it is quiet").isTrue();
      volume.driver.resume();
      volume.driver.resume();
      assertThat(volume.isDone(volume.write(2))).isTrue();

      volume.cache.closeGate();
      Request third = volume.suspend();
      volume.driver.resume();
      assertThat(third.error).as("resumed too early").isEqualTo(Errno.ECANCELED);
    }
  }

  @Test
  void letsGoOfCancelledRequests() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.suspend();
      List<Request> waiting = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        waiting.add(volume.write(i, (byte) (i + 1), 0));
      }
      for (int i : new int[] {4, 0, 2}) {
        volume.driver.cancel(waiting.get(i));
        assertThat(waiting.get(i).error).isEqualTo(Errno.ECANCELED);
      }
      Request last = volume.read(3);
      volume.driver.resume();
      assertThat(waiting)
          .extracting(one -> one.error)
          .containsExactly(Errno.ECANCELED, 0, Errno.ECANCELED, 0, Errno.ECANCELED);
      assertThat(SmallVolume.content(last)).isEqualTo((byte) 4);
    }
  }

  @Test
  void endsWithAStop() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      Request before = volume.write(1);
      volume.suspend();
      Request read = volume.read(1);
      Request write = volume.write(2);
      Request stopped = volume.request();
      volume.driver.stop(stopped);
      assertThat(before.error).isZero();
      assertThat(read.error).isEqualTo(Errno.ESHUTDOWN);
      assertThat(write.error).isEqualTo(Errno.ESHUTDOWN);
      assertThat(volume.isDone(stopped)).isTrue();
      assertThat(volume.suspend().error).isEqualTo(Errno.ESHUTDOWN);
    }
  }

  /** Nobody can make room while write-back pauses: those requests were never acknowledged. */
  @Test
  void leavesRequestsWaitingForRoomWhereTheyAre() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.backing.closeGate();
      volume.fillSegments(SmallVolume.SEGMENTS - 1);
      Request waiting = volume.write(900, (byte) 5, 0);
      assertThat(volume.isAnswered(waiting)).isFalse();
      Request quiesced = volume.suspend();
      Request later = volume.write(900, (byte) 6, 0);
      volume.seconds(1);
      assertThat(volume.isAnswered(quiesced)).as("write-back is under way").isFalse();
      volume.backing.openGate();
      volume.seconds(1);
      assertThat(volume.isDone(quiesced)).isTrue();
      assertThat(volume.isAnswered(waiting)).isFalse();
      volume.forget();
      volume.seconds(100);
      assertThat(volume.backing.count()).as("write-back pauses").isZero();

      volume.driver.resume();
      volume.seconds(100);
      assertThat(volume.isDone(waiting)).isTrue();
      assertThat(volume.isDone(later)).isTrue();
      assertThat(SmallVolume.content(volume.read(900))).isEqualTo((byte) 6);
    }
  }

  @Test
  void saysThatNotAllIsDurableWhereTheCacheDeviceFails() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.write(1);
      volume.cache.failWith(Errno.EIO);
      Request quiesced = volume.suspend();
      assertThat(quiesced.error).isEqualTo(Errno.EIO);
      Request write = volume.write(2);
      Request read = volume.read(500);
      assertThat(write.error).as("what cannot be kept is refused at once").isEqualTo(Errno.EIO);
      assertThat(volume.isAnswered(read)).isFalse();
      volume.driver.resume();
      assertThat(volume.isDone(read)).isTrue();
    }
  }

  @Test
  void drainsWhenItGoesOn() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.stopWriteBack();
      volume.write(1);
      volume.suspend();
      volume.driver.drain();
      volume.seconds(10);
      assertThat(volume.snapshot().dirtyLines()).isPositive();
      volume.driver.resume();
      volume.seconds(10);
      assertThat(volume.snapshot().isDrained()).isTrue();
    }
  }
}
