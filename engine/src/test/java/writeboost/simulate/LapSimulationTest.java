package writeboost.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import writeboost.layout.LapLayout;
import writeboost.log.Rule;
import writeboost.log.Rules;

/** {@link SimulationTest} for the layout of 2013; {@code -Dsimulate.runs=N -Dsimulate.seed=S}. */
final class LapSimulationTest {

  private static final int RUNS = Integer.getInteger("simulate.runs", 1000);

  /** Seeds within which a missing safeguard has to be found out. */
  private static final int SEEDS_TO_NOTICE = 10_000;

  private static final long FIRST_SEED = Long.getLong("simulate.seed", 1);

  @Test
  void everySeedKeepsThePromises() {
    Simulation simulation = new Simulation(LapLayout.INSTANCE);
    Happenings happenings = new Happenings();
    for (long seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      happenings.add(simulation.run(seed).happenings());
    }
    System.out.print(happenings);
    if (RUNS >= 1000) {
      assertThat(happenings.count(Happening.TORN_HEADER)).isPositive();
      assertThat(happenings.count(Happening.LAP)).isPositive();
      assertThat(happenings.count(Happening.UNFLUSHED_LOST)).isPositive();
    }
  }

  @Test
  void aSmallWorldMayEndAtAnyOfItsMoments() {
    Simulation simulation = new Simulation(LapLayout.INSTANCE);
    for (long seed = 1; seed <= 3; seed++) {
      for (long end = 1; simulation.runWithEndAt(seed, end); end++) {
        assertThat(end).isLessThan(100_000);
      }
    }
  }

  /** {@link MutationTest} has v1's own safeguards; these it has in common with v2. */
  @ParameterizedTest
  @EnumSource(
      value = Rule.class,
      mode = EnumSource.Mode.MATCH_ALL,
      names = "FLUSH_AT_START|FLUSH_COVERS_COMPLETED|SLOT_RECORD_DURABLE")
  void everySafeguardIsNeeded(Rule rule) {
    Simulation simulation = new Simulation(LapLayout.INSTANCE, Rules.without(rule));
    Violation violation =
        catchThrowableOfType(
            Violation.class,
            () -> {
              for (long seed = 1; seed <= SEEDS_TO_NOTICE; seed++) {
                simulation.run(seed);
              }
            });
    assertThat(violation).isNotNull();
  }
}
