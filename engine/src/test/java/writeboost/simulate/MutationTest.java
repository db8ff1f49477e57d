package writeboost.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import writeboost.layout.ChecksumLayout;
import writeboost.layout.LapLayout;
import writeboost.layout.Layout;
import writeboost.log.Rule;
import writeboost.log.Rules;

/**
 * The test of the simulator: with any one safeguard left out, it finds a broken promise. A
 * safeguard whose absence nothing notices is either not needed or not tested.
 *
 * <p>Leaves a table in {@code target/mutations.md}: the runs, from seed 1 on, until the absence was
 * noticed. {@code -Dsimulate.seed=S} begins elsewhere.
 */
final class MutationTest {

  private static final long FIRST_SEED = Long.getLong("simulate.seed", 1);

  /** Runs within which an absence has to be noticed. */
  private static final int RUNS_MAX = Integer.getInteger("mutation.runs", 20_000);

  /**
   * Safeguards that stand behind another one: nothing happens before that one is gone as well. Each
   * is tested together with it.
   */
  private static final Map<Rule, Rule> BEHIND =
      new EnumMap<>(
          Map.of(
              Rule.DURABLE_IS_REQUIRED,
              Rule.TORN_SECTOR_IS_DAMAGE,
              Rule.TORN_SECTOR_IS_DAMAGE,
              Rule.DURABLE_IS_REQUIRED));

  /** Row by row. */
  private static final List<String> TABLE = new ArrayList<>();

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"CLEAR_WINDOW", "HEADER_IS_OURS"})
  void theAbsenceOfASafeguardIsNoticed(Rule rule) {
    Rule before = BEHIND.get(rule);
    Rules rules = before == null ? Rules.without(rule) : Rules.without(rule, before);
    String what = name(rule) + (before == null ? "" : ", without " + name(before));
    Layout layout = rule.isOfLaps() ? LapLayout.INSTANCE : ChecksumLayout.INSTANCE;
    assertNoticed(what, new Simulation(layout, rules));
  }

  /** It stands behind several others (see {@link Rule}), so nothing can notice. */
  @Test
  void clearingTheWindowIsASecondLine() {
    Rules rules = Rules.without(Rule.CLEAR_WINDOW);
    Simulation simulation = new Simulation(ChecksumLayout.INSTANCE, rules);
    IntStream.range(0, 500).forEach(i -> simulation.run(FIRST_SEED + i));
  }

  /**
   * What the UUID in the header is for. Where a format clears, the absence of this safeguard is
   * noticed about once in tens of thousands of runs: too seldom to be asked for.
   */
  @Test
  void headersOfAnotherCacheAreToldByTheirUuid() {
    Simulation all = withoutClearing(Rules.ALL);
    IntStream.range(0, 500).forEach(i -> all.run(FIRST_SEED + i));
    Simulation without = withoutClearing(Rules.without(Rule.HEADER_IS_OURS));
    assertNoticed("header is ours, where a format does not clear", without);
  }

  private static Simulation withoutClearing(Rules rules) {
    return new Simulation(FaultyDisk::thatClearsNothing, ChecksumLayout.INSTANCE, rules);
  }

  /**
   * The other two flushes of a format are second lines: behind what it clears stands the UUID, and
   * a resume flushes the superblock once more.
   */
  @Test
  void theFlushOfTheMarkOfAFormatIsMissed() {
    assertNoticed(
        "flush of the mark of a format", new Simulation(FaultyDisk::thatDropsFirstFlushOfFormat));
  }

  private static String name(Rule rule) {
    return rule.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static void assertNoticed(String what, Simulation simulation) {
    long runs =
        IntStream.rangeClosed(1, RUNS_MAX)
            .filter(run -> isBroken(simulation, FIRST_SEED + run - 1))
            .findFirst()
            .orElse(0);
    TABLE.add("| %s | %s |".formatted(what, runs == 0 ? "never" : "%,d".formatted(runs)));
    assertThat(runs).as("runs until the absence of '%s' was noticed", what).isPositive();
  }

  private static boolean isBroken(Simulation simulation, long seed) {
    try {
      simulation.run(seed);
      return false;
    } catch (Violation noticed) {
      return true;
    }
  }

  /** So that the absences above are the reason: the same seeds with nothing left out. */
  @Test
  void nothingIsNoticedWhereNothingIsAbsent() {
    Simulation simulation = new Simulation(Rules.without());
    IntStream.range(0, 100).forEach(i -> simulation.run(FIRST_SEED + i));
  }

  @AfterAll
  static void writeTable() throws IOException {
    List<String> lines =
        new ArrayList<>(List.of("| left out | noticed after runs |", "|---|---:|"));
    lines.addAll(TABLE);
    Files.write(Path.of("target", "mutations.md"), lines);
  }
}
