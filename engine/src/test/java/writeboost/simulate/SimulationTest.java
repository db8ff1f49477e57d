package writeboost.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import writeboost.device.BlockDevice;

/**
 * Many seeds, and proof that a disk that does not keep its word is noticed.
 *
 * <p>{@code -Dsimulate.runs=N -Dsimulate.seed=S} runs N seeds from S on.
 */
final class SimulationTest {

  private static final int RUNS = Integer.getInteger("simulate.runs", 2000);
  private static final int WORLDS = Integer.getInteger("simulate.worlds", 10);
  private static final long FIRST_SEED = Long.getLong("simulate.seed", 1);

  /** Seeds within which a faulty disk has to be found out. */
  private static final int SEEDS_TO_NOTICE = 100;

  @Test
  void everySeedKeepsThePromises() {
    Simulation simulation = new Simulation();
    Happenings happenings = new Happenings();
    for (long seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      happenings.add(simulation.run(seed).happenings());
    }
    System.out.print(happenings);
    if (RUNS >= 2000) {
      assertThat(Happening.values()).allMatch(what -> happenings.count(what) > 0);
    }
  }

  /** {@code -Dsimulate.worlds=N}: so many small worlds, each ended at each of its moments. */
  @Test
  void aCrashAtEveryMomentKeepsThePromises() {
    Simulation simulation = new Simulation();
    long crashes = 0;
    for (long seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed++) {
      long end = 1;
      while (simulation.runWithEndAt(seed, end)) {
        end++;
      }
      crashes += end - 1;
    }
    System.out.printf("%,d moments of %d small worlds%n", crashes, WORLDS);
    assertThat(crashes).isGreaterThan(100L * WORLDS);
  }

  @Test
  void theSameSeedIsTheSameRun() {
    Simulation used = new Simulation();
    for (long seed = 1; seed <= 20; seed++) {
      long trace = used.run(seed).trace();
      assertThat(new Simulation().run(seed).trace()).as("seed %d", seed).isEqualTo(trace);
      assertThat(used.run(seed + 1).trace()).isNotEqualTo(trace);
    }
  }

  /** Not so with anything that depends on addresses, hash codes, time or the order of threads. */
  @Test
  void theSameSeedIsTheSameRunInAnotherJvm() throws IOException {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Traces.class.getName(),
                "1",
                "20")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String traces = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(traces).isEqualTo(Traces.of(1, 20));
  }

  @Test
  void aDiskThatDropsItsFlushesIsNoticed() {
    assertNoticed(FaultyDisk::thatDropsFlushes);
  }

  @Test
  void aDiskThatDropsNowAndThenAFlushIsNoticed() {
    assertNoticed(disk -> FaultyDisk.thatDropsEvery(5, disk));
  }

  @Test
  void aDiskThatNeverWritesTheRecordIsNoticed() {
    assertNoticed(FaultyDisk::thatDropsRecords);
  }

  @Test
  void aDiskThatWritesToTheWrongPlaceIsNoticed() {
    assertNoticed(FaultyDisk::thatMisplacesAWrite);
  }

  private static void assertNoticed(Simulation.Decoration fault) {
    Simulation simulation = new Simulation(fault);
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

  /** So that the decorations above are the reason. */
  @Test
  void aDiskThatIsOnlyLookedThroughIsNotNoticed() {
    Simulation simulation = new Simulation(FaultyDisk::thatIsSound);
    Simulation bare = new Simulation((BlockDevice disk) -> disk);
    for (long seed = 1; seed <= 20; seed++) {
      assertThat(simulation.run(seed).trace()).isEqualTo(bare.run(seed).trace());
    }
  }
}
