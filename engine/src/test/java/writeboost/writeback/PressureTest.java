package writeboost.writeback;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Write-back works harder the fuller the log is, and never jumps. */
class PressureTest {

  private static final int IN_FLIGHT = 8;
  private static final int BATCH = 32;

  private static int segments(long used, int slots, boolean allowed, boolean insisted) {
    return Pressure.segments(used, slots, allowed, insisted, BATCH);
  }

  private static int inFlight(long used, int slots, boolean allowed, boolean insisted) {
    return Pressure.inFlight(used, slots, allowed, insisted, IN_FLIGHT);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 64, 1000, 100_000})
  void growsWithTheFillOfTheLog(int slots) {
    for (boolean allowed : new boolean[] {false, true}) {
      for (int used = 1; used <= slots; used++) {
        assertThat(segments(used, slots, allowed, false))
            .as("%d of %d used", used, slots)
            .isGreaterThanOrEqualTo(segments(used - 1, slots, allowed, false));
        assertThat(inFlight(used, slots, allowed, false))
            .as("%d of %d used", used, slots)
            .isBetween(inFlight(used - 1, slots, allowed, false), IN_FLIGHT);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 64, 1000, 100_000})
  void worksNoLessWhereMoreIsWanted(int slots) {
    for (int used = 0; used <= slots; used++) {
      int forbidden = segments(used, slots, false, false);
      int allowed = segments(used, slots, true, false);
      assertThat(allowed).isGreaterThanOrEqualTo(Math.max(forbidden, 1));
      assertThat(segments(used, slots, false, true)).isEqualTo(Pressure.WHOLE_LOG);
      assertThat(segments(used, slots, true, true)).isEqualTo(Pressure.WHOLE_LOG);
      assertThat(inFlight(used, slots, true, false))
          .isGreaterThanOrEqualTo(Math.max(inFlight(used, slots, false, false), 1));
      assertThat(inFlight(used, slots, false, true)).isEqualTo(IN_FLIGHT);
      assertThat(forbidden == 0).isEqualTo(inFlight(used, slots, false, false) == 0);
    }
  }

  /** One slot more of a large log never asks for much more at once. */
  @ParameterizedTest
  @ValueSource(ints = {1000, 100_000})
  void hasNoCliff(int slots) {
    for (boolean allowed : new boolean[] {false, true}) {
      for (int used = 1; used < slots * 9 / 10; used++) {
        int more =
            segments(used, slots, allowed, false) - segments(used - 1, slots, allowed, false);
        assertThat(more).as("%d of %d used", used, slots).isBetween(0, 8);
        assertThat(
                inFlight(used, slots, allowed, false) - inFlight(used - 1, slots, allowed, false))
            .isBetween(0, 2);
      }
      assertThat(segments(slots * 9L / 10 - 1, slots, allowed, false))
          .as("just before it takes the whole log")
          .isBetween(slots * 8 / 10, slots * 9 / 10);
      assertThat(inFlight(slots * 9L / 10 - 1, slots, allowed, false))
          .isGreaterThanOrEqualTo(IN_FLIGHT - 1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 1000})
  void leavesTheDeviceToOthersWhileThereIsRoom(int slots) {
    assertThat(segments(slots / 4, slots, true, false)).isEqualTo(BATCH);
    assertThat(inFlight(1, slots, true, false)).isEqualTo(2);
    assertThat(segments(slots * 7L / 10, slots, false, false)).isZero();
    assertThat(segments(slots * 8L / 10, slots, false, false)).isPositive();
    assertThat(segments(slots, slots, false, false)).isEqualTo(Pressure.WHOLE_LOG);
    assertThat(Pressure.inFlight(0, slots, true, false, 1)).isEqualTo(1);
  }
}
