package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BufferPoolTest {

  private static final int MIB = 1 << 20;

  @Test
  void slabsAreAlignedAndLargeEnough() {
    BufferPool.Share share = new BufferPool(64 * MIB, 64 * MIB, () -> {}, Long.MAX_VALUE).share();
    for (int bytes : new int[] {1, 131_073, 262_144, 262_145, MIB, Protocol.MAX_PAYLOAD}) {
      Slab slab = share.take(bytes);
      assertThat(slab.size).isBetween(bytes, Math.max(2 * bytes, 128 << 10));
      assertThat(slab.memory.byteSize()).isGreaterThanOrEqualTo(bytes);
      assertThat(slab.memory.address() % Slab.PAGE).isZero();
      slab.release();
    }
  }

  @Test
  void aShareIsBounded() {
    BufferPool.Share share = new BufferPool(4 * MIB, 64 * MIB, () -> {}, Long.MAX_VALUE).share();
    Slab guaranteed = share.take(BufferPool.GUARANTEED / 3);
    for (int i = 0; i < 4; i++) {
      assertThat(share.tryTake(MIB)).isNotNull();
    }
    assertThat(share.tryTake(MIB)).isNull();
    guaranteed.release();
  }

  @Test
  void othersKeepTheirGuaranteeWhenTheTotalIsUsedUp() {
    BufferPool pool = new BufferPool(4 * MIB, 4 * MIB, () -> {}, Long.MAX_VALUE);
    BufferPool.Share greedy = pool.share();
    while (greedy.tryTake(BufferPool.STANDARD) != null) {}
    BufferPool.Share modest = pool.share();
    assertThat(modest.tryTake(MIB)).isNull();
    for (int i = 0; i < BufferPool.GUARANTEED / BufferPool.STANDARD; i++) {
      assertThat(modest.tryTake(BufferPool.STANDARD)).isNotNull();
    }
    assertThat(modest.tryTake(BufferPool.STANDARD)).isNull();
  }

  @Test
  void writesLeaveRoomForTheLargestRead() {
    BufferPool pool = new BufferPool(32 * MIB, 128 * MIB, () -> {}, Long.MAX_VALUE);
    for (int i = 0; i < 12; i++) {
      BufferPool.Share writing = pool.share();
      while (writing.tryTake(MIB) != null) {}
    }
    BufferPool.Share reading = pool.share();
    assertThat(reading.tryTake(MIB)).isNull();
    assertThat(reading.tryTakeForRead(Protocol.MAX_PAYLOAD)).isNotNull();
  }

  @Test
  void whoWaitsGetsWhatIsGivenBack() {
    BufferPool pool = new BufferPool(32 * MIB, 32 * MIB, () -> {}, Long.MAX_VALUE);
    Slab all = pool.share().take(32 * MIB);
    CompletableFuture<Slab> waiting =
        CompletableFuture.supplyAsync(() -> pool.share().take(32 * MIB));
    all.release();
    assertThat(waiting.join().size).isEqualTo(32 * MIB);
  }

  @Test
  void closingAShareEndsItsWaiting() {
    BufferPool pool = new BufferPool(32 * MIB, 32 * MIB, () -> {}, Long.MAX_VALUE);
    pool.share().take(32 * MIB);
    BufferPool.Share share = pool.share();
    CompletableFuture<Slab> waiting = CompletableFuture.supplyAsync(() -> share.take(32 * MIB));
    share.close();
    assertThat(waiting.join()).isNull();
  }

  @Test
  void theAccountsBalance() {
    long seed = 7;
    Random random = new Random(seed);
    BufferPool pool = new BufferPool(8 * MIB, 16 * MIB, () -> {}, Long.MAX_VALUE);
    BufferPool.Share[] shares = {pool.share(), pool.share(), pool.share(), pool.share()};
    Deque<Slab> taken = new ArrayDeque<>();
    for (int step = 0; step < 5000; step++) {
      Slab slab =
          random.nextBoolean()
              ? shares[random.nextInt(4)].tryTake(1 << 15 + random.nextInt(8))
              : null;
      if (slab != null) {
        taken.add(slab);
      } else if (!taken.isEmpty()) {
        taken.remove().release();
      }
      assertThat(pool.usedBytes()).as("seed %d step %d", seed, step).isBetween(0L, 16L * MIB);
    }
    taken.forEach(Slab::release);
    assertThat(pool.usedBytes()).isZero();
  }

  @Test
  void theGreedyLeaveRoomForThoseWhoUseLittle() {
    BufferPool pool = new BufferPool(32 * MIB, 96 * MIB, () -> {}, Long.MAX_VALUE);
    BufferPool.Share[] greedy = {pool.share(), pool.share(), pool.share()};
    for (BufferPool.Share share : greedy) {
      while (share.tryTakeForRead(MIB) != null) {}
    }
    assertThat(pool.usedBytes()).isBetween(60L * MIB, 80L * MIB);
    BufferPool.Share modest = pool.share();
    assertThat(modest.tryTakeForRead(4 * MIB)).isNotNull();
    assertThat(modest.tryTake(MIB)).isNull(); // writes have less
  }
}
