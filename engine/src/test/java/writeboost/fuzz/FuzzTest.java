package writeboost.fuzz;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Damaged caches: whatever the bytes, there is a clear refusal, a read error, or what was written;
 * never a stack trace, an endless loop, memory without bounds, or a wrong block.
 *
 * <p>{@code -Dfuzz.runs=N -Dfuzz.seed=S} runs as many as wanted; a failure names its seed, and
 * {@code -Dfuzz.runs=1 -Dfuzz.seed=S} runs that one again.
 */
final class FuzzTest {

  private static final long RUNS = Long.getLong("fuzz.runs", 10_000);
  private static final long SEED = Long.getLong("fuzz.seed", 20_261_122);
  private static final int REPORT_EVERY = 1_000_000;

  private final Memory memory = new Memory();

  @Test
  void damagedCaches() throws IOException {
    List<Specimen> specimens = specimens();
    Trial trial = new Trial(memory);
    Map<Trial.Outcome, Long> outcomes = new EnumMap<>(Trial.Outcome.class);
    for (long run = 0; run < RUNS; run++) {
      long seed = SEED + run;
      Random random = new Random(seed);
      Specimen specimen = specimens.get(random.nextInt(specimens.size()));
      try {
        outcomes.merge(trial.run(specimen, random), 1L, Long::sum);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            "seed %d, a cache of %s: %s".formatted(seed, specimen.name, e.getMessage()), e);
      }
      if ((run + 1) % REPORT_EVERY == 0) {
        System.out.printf("%,d runs: %s%n", run + 1, outcomes);
      }
    }
    System.out.printf("seeds %d to %d: %s%n", SEED, SEED + RUNS - 1, outcomes);
  }

  private List<Specimen> specimens() throws IOException {
    List<Specimen> specimens = new ArrayList<>();
    for (int order = 4; order <= 6; order++) {
      for (int i = 0; i < 3; i++) {
        specimens.add(Specimen.make(order, false, 100 + order * 10 + i, memory));
        specimens.add(Specimen.make(order, true, 200 + order * 10 + i, memory));
      }
    }
    return specimens;
  }
}
