package writeboost.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The disk's times, worked out by hand: a byte takes 20/3 ns, a revolution 8 333 333.3 ns. */
class RotatingDiskTest {

  private static final long TRACK = 1_250_000;

  /** Of 100 tracks. */
  private final RotatingDisk disk = new RotatingDisk(100 * TRACK);

  @Test
  void aTrackIsWhatPassesInOneRevolution() {
    assertThat(RotatingDisk.TRACK_BYTES).isEqualTo(TRACK);
  }

  @Test
  void atTheHeadOnlyTheTransferTakesTime() {
    assertThat(disk.serve(0, 0, 4096)).isEqualTo(27_306); // 4096 * 20/3
  }

  @Test
  void goingOnCostsTransferAloneAcrossTracksToo() {
    long end = 0;
    for (long offset = 0; offset < 300_000_000; offset += 4096) {
      long bytes = Math.min(4096, 300_000_000 - offset);
      end = disk.serve(end, offset, bytes); // made when the one before is done
    }
    assertThat(end).isEqualTo(2_000_000_000);
  }

  @Test
  void whoComesTooLateWaitsForTheNextRevolution() {
    disk.serve(0, 0, 4096);
    // It is back at byte 4096 after a revolution: 8 333 333.3 + 27 306.7, and takes 27 306.7.
    assertThat(disk.serve(27_400, 4096, 4096)).isEqualTo(8_387_946);
  }

  @Test
  void onTheSameTrackItWaitsUntilThePlaceComesRound() {
    // Half a revolution, 4 166 666.7, and 512 * 20/3 = 3 413.3.
    assertThat(disk.serve(0, TRACK / 2, 512)).isEqualTo(4_170_080);
  }

  @Test
  void aSeekTakesHalfAMillisecondAndMoreTheFartherItGoes() {
    // A quarter of the disk: 0.5 + 7.5 * 0.5 = 4.25 ms, then until 0.75 of the revolution, 6.25 ms.
    assertThat(disk.serve(0, 25 * TRACK + TRACK * 3 / 4, 512)).isEqualTo(6_253_413);
    // Back to the first track, 0.75 of the revolution again: at 6.253 + 4.25 = 10.503 ms the place
    // has not come, it does at 8.333 + 6.25 = 14.583 ms.
    assertThat(disk.serve(0, TRACK * 3 / 4, 512)).isEqualTo(14_586_746);
  }

  @Test
  void aPlaceThatPassesDuringTheSeekIsMissed() {
    // A quarter of the disk, to 0.5 of the revolution: 4.1667 ms is before 4.25 ms.
    assertThat(disk.serve(0, 25 * TRACK + TRACK / 2, 512)).isEqualTo(12_503_413);
  }

  @Test
  void theNextTrackIsASeekTooUnlessItGoesOn() {
    // 0.5 + 7.5 * sqrt(1/100) = 1.25 ms; the place is there at 0.15 of a revolution: just in time.
    assertThat(disk.serve(0, TRACK + TRACK * 15 / 100, 512)).isEqualTo(1_253_413);
    assertThat(new RotatingDisk(100 * TRACK).serve(0, TRACK + TRACK * 14 / 100, 512))
        .isEqualTo(9_503_413);
  }

  @Test
  void theDiskTurnsOnWhileNobodyAsks() {
    // Three revolutions later, 25 ms, it is at its beginning again.
    assertThat(disk.serve(25_000_000, 0, 4096)).isEqualTo(25_027_306);
  }

  @Test
  void requestsAreServedOneAfterTheOther() {
    assertThat(disk.serve(0, 0, 150_000_000)).isEqualTo(1_000_000_000);
    assertThat(disk.serve(5, 150_000_000, 150)).isEqualTo(1_000_001_000);
  }

  /** On average a seek over 8/15 of the root of the way, half a revolution, and the transfer. */
  @Test
  void randomWritesTakeWhatTheyTakeOnAverage() {
    long capacity = 4L << 30;
    RotatingDisk large = new RotatingDisk(capacity);
    Random random = new Random(1);
    int count = 20_000;
    long end = 0;
    for (int i = 0; i < count; i++) {
      end = large.serve(end, random.nextLong(capacity / 4096) * 4096, 4096);
    }
    double expectedMs = 0.5 + 7.5 * 8 / 15 + 25.0 / 3 / 2 + 4096 / 150_000.0;
    assertThat(end / 1e6 / count).isCloseTo(expectedMs, within(expectedMs / 50));
  }
}
