package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.BlockDevice;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Who is in doubt about its client, and who waits for whom. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ChangeOrderTest {

  private static final long GIB = 1L << 30;

  private final BlockDevice device = new MemoryDevice(1 << 20);
  private final ChangeOrder order = new ChangeOrder();
  private ChangeOrder.Member one;

  @BeforeEach
  void begin() {
    one = joined();
  }

  @Test
  void aSingleConnectionIsNeverInDoubt() {
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isTrue();
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isTrue();
  }

  @Test
  void norIsWhoWritesToPlacesOfItsOwn() {
    ChangeOrder.Member other = joined();
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isTrue();
    assertThat(submits(other, Operation.WRITE, 4096, 8192)).isTrue();
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isTrue();
    assertThat(submits(other, Operation.TRIM, 8192, 4096)).isTrue();
  }

  @Test
  void whereAnotherHasWrittenTheClientIsLookedAtOnce() {
    ChangeOrder.Member other = joined();
    assertThat(submits(one, Operation.WRITE, 0, 8192)).isTrue();
    assertThat(submits(other, Operation.WRITE, 4096, 512)).isFalse();
    assertThat(submits(other, Operation.WRITE, 1 << 19, 512)).as("still in doubt").isFalse();
    looksAndSubmits(other, Operation.WRITE, 4096, 512);
    assertThat(submits(other, Operation.WRITE, 0, 8192)).as("known since").isTrue();
    assertThat(submits(one, Operation.WRITE_ZEROES, 0, 8192)).isFalse();
  }

  @Test
  void whoHasGoneAgainHasLeftItsMarks() {
    ChangeOrder.Member other = joined();
    assertThat(submits(other, Operation.WRITE, 0, 4096)).isTrue();
    other.leave();
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isFalse();
    looksAndSubmits(one, Operation.WRITE, 0, 4096);
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isTrue();
  }

  /** Nor can what was there when it came, and has gone since without being met. */
  @Test
  void whoWasThereBeforeHasToo() {
    ChangeOrder.Member newcomer = joined();
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isTrue();
    one.leave();
    assertThat(submits(newcomer, Operation.WRITE, 4096, 4096)).isTrue();
    assertThat(submits(newcomer, Operation.WRITE, 0, 4096)).isFalse();
  }

  @Test
  void whatWasWrittenBeforeAConnectionBeganIsNothingToIt() {
    ChangeOrder.Member other = joined();
    assertThat(submits(other, Operation.WRITE, 0, 4096)).isTrue();
    assertThat(submits(joined(), Operation.WRITE, 0, 4096)).isTrue();
  }

  @Test
  void aLongRangeMeetsWhateverIsIn() {
    ChangeOrder.Member other = joined();
    assertThat(submits(one, Operation.WRITE, 3 * GIB, 512)).isTrue();
    looksAndSubmits(other, Operation.WRITE_ZEROES, 0, 4 * GIB - 512);
    assertThat(submits(other, Operation.TRIM, 0, 4 * GIB - 512)).isTrue();
    looksAndSubmits(one, Operation.WRITE, 2 * GIB, 512);
    assertThat(submits(one, Operation.WRITE, 3 * GIB, 512)).isTrue();
  }

  /** Also if its own last batch came after that of the other. */
  @Test
  void aLongRangeMeetsWhatCameBeforeItsOwnLast() {
    ChangeOrder.Member other = joined();
    assertThat(submits(one, Operation.WRITE, 0, 512)).isTrue();
    assertThat(submits(other, Operation.WRITE, 4096, 512)).isTrue();
    looksAndSubmits(other, Operation.TRIM, 0, GIB);
  }

  @Test
  void readsAndFlushesLeaveNoMarksAndAreNeverInDoubt() {
    ChangeOrder.Member other = joined();
    assertThat(submits(one, Operation.READ, 0, 4096)).isTrue();
    assertThat(submits(one, Operation.FLUSH, 0, 0)).isTrue();
    assertThat(submits(other, Operation.WRITE, 0, 4096)).isTrue();
    assertThat(submits(one, Operation.READ, 0, 4096)).isTrue();
  }

  @Test
  void twoDevicesAreTwoPlaces() {
    BlockDevice second = new MemoryDevice(1 << 20);
    ChangeOrder.Member other = joined();
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isTrue();
    Request[] batch = {request(Operation.WRITE, 0, 4096)};
    assertThat(other.enter(second, batch, 1, 1)).isTrue();
    other.exit(1);
  }

  /** It may be of a connection that is lost, and come any moment. */
  @Test
  void whatWasMarkedBeforeAConnectionBeganAndIsNotSubmittedYetIs() throws Exception {
    Request[] batch = {request(Operation.WRITE, 0, 4096)};
    ChangeOrder.Member slow = joined();
    assertThat(slow.enter(device, batch, 1, 1)).isTrue();
    ChangeOrder.Member newcomer = joined();
    assertThat(submits(newcomer, Operation.WRITE, 8192, 4096)).isTrue();
    assertThat(submits(newcomer, Operation.WRITE, 0, 4096)).isFalse();
    slow.exit(1);
  }

  /**
   * They cannot tell their own marks from those of others, and so look too often, never too rarely.
   */
  @Test
  void moreConnectionsThanThereAreNames() {
    ChangeOrder.Member last = one;
    for (int i = 0; i < 1 << 12; i++) {
      last = joined();
    }
    assertThat(submits(last, Operation.WRITE, 0, 4096)).isTrue();
    assertThat(submits(last, Operation.WRITE, 0, 4096)).isFalse();
    looksAndSubmits(last, Operation.WRITE, 0, 4096);
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isFalse();
  }

  @Test
  void aNameIsUsedAgain() {
    for (int i = 0; i < 1 << 13; i++) {
      joined().leave();
    }
    ChangeOrder.Member last = joined();
    assertThat(submits(last, Operation.WRITE, 0, 4096)).isTrue();
    assertThat(submits(last, Operation.WRITE, 0, 4096)).isTrue();
  }

  @Test
  void whoGoesAloneWaitsForWhatHasEntered() throws Exception {
    ChangeOrder.Member other = joined();
    Request[] batch = {request(Operation.WRITE, 0, 4096)};
    assertThat(one.enter(device, batch, 1, 1)).isTrue();
    CountDownLatch alone = new CountDownLatch(1);
    Thread waiter =
        Thread.ofPlatform()
            .start(
                () -> {
                  other.enterAlone();
                  alone.countDown();
                });
    while (waiter.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(alone.getCount()).isOne();
    one.exit(1);
    alone.await();
    other.exitAlone();
    assertThat(submits(one, Operation.WRITE, 0, 4096)).isTrue();
  }

  private ChangeOrder.Member joined() {
    ChangeOrder.Member member = order.join();
    member.begin();
    return member;
  }

  private boolean submits(
      ChangeOrder.Member member, Operation operation, long offset, long length) {
    Request[] batch = {request(operation, offset, length)};
    int changes = operation.changes() ? 1 : 0;
    boolean entered = member.enter(device, batch, 1, changes);
    if (entered) {
      member.exit(changes);
    }
    return entered;
  }

  /** In doubt, and its client is there. */
  private void looksAndSubmits(
      ChangeOrder.Member member, Operation operation, long offset, long length) {
    assertThat(submits(member, operation, offset, length)).isFalse();
    member.enterAlone();
    member.clientIsThere();
    member.exitAlone();
  }

  private static Request request(Operation operation, long offset, long length) {
    Request request = new Request(completed -> {});
    request.set(operation, 0, offset, length);
    return request;
  }
}
