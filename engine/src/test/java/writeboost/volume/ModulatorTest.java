package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which load of the backing device stops background write-back, second by second. */
class ModulatorTest {

  private static final long SECOND = 1_000_000_000L;

  private final Modulator modulator = new Modulator();
  private long nowNs = -5 * SECOND; // monotonic time may begin anywhere
  private long busyNs = 77 * SECOND;
  private long ownNs;

  /** A second in which the device was busy so much with others, and so much with write-back. */
  private boolean second(int othersPercent, int ownPercent) {
    nowNs += SECOND;
    busyNs += SECOND * (othersPercent + ownPercent) / 100;
    ownNs += SECOND * ownPercent / 100;
    modulator.sample(nowNs, busyNs, ownNs);
    return modulator.allows();
  }

  @Test
  void stopsForOthersAndNotForItself() {
    assertThat(modulator.allows()).as("before anything is known").isTrue();
    second(0, 0);
    for (int i = 0; i < 10; i++) {
      assertThat(second(0, 100)).as("its own write-back, second %d", i).isTrue();
    }
    assertThat(second(90, 5)).isFalse();
    assertThat(modulator.load()).isEqualTo(90);
    assertThat(second(90, 0)).isFalse();
    assertThat(second(10, 90)).isTrue();
  }

  @Test
  void doesNotFlapAroundTheThreshold() {
    Random random = new Random(3);
    second(0, 0);
    int changes = 0;
    boolean before = true;
    for (int i = 0; i < 1000; i++) {
      boolean now = second(66 + random.nextInt(9), random.nextInt(20));
      changes += now == before ? 0 : 1;
      before = now;
    }
    assertThat(changes).isLessThanOrEqualTo(1);
    assertThat(before).isFalse();
    assertThat(second(64, 0)).isFalse();
    assertThat(second(63, 0)).isTrue();
    assertThat(second(69, 0)).isTrue();
    assertThat(second(70, 0)).isFalse();
  }

  @Test
  void knowsTheEndsOfTheRange() {
    modulator.setThreshold(0);
    assertThat(modulator.allows()).as("never by itself, from the start").isFalse();
    second(0, 0);
    assertThat(second(0, 0)).isFalse();
    modulator.setThreshold(100);
    assertThat(modulator.allows()).as("at once, by the load known").isTrue();
    assertThat(second(99, 0)).isTrue();
    modulator.setThreshold(1);
    assertThat(modulator.allows()).isFalse();
    assertThat(second(1, 0)).isFalse();
    assertThat(second(0, 0)).isTrue();
  }

  /** The kernel counts milliseconds in 32 bits; a device may be replaced by another. */
  @ParameterizedTest
  @ValueSource(longs = {0, -1, 3 * SECOND})
  void doesNotMindACounterThatGoesBackwards(long newBusyNs) {
    second(0, 0);
    assertThat(second(90, 0)).isFalse();
    busyNs = newBusyNs;
    nowNs += SECOND;
    modulator.sample(nowNs, busyNs, ownNs);
    assertThat(modulator.allows()).isFalse();
    assertThat(modulator.load()).as("the last one that is known").isEqualTo(90);
    busyNs = Math.max(0, busyNs);
    second(5, 0);
    assertThat(second(5, 0)).isTrue();
  }

  /** Requests wait in our own queues, too: write-back's time may be longer than the device's. */
  @Test
  void countsNoLoadBelowNothingAndNoneAboveAll() {
    second(0, 0);
    nowNs += SECOND;
    ownNs += SECOND;
    busyNs += SECOND / 2;
    modulator.sample(nowNs, busyNs, ownNs);
    assertThat(modulator.load()).isZero();
    second(130, 0);
    assertThat(modulator.load()).isEqualTo(100);
  }
}
