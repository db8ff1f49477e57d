package writeboost.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import writeboost.simulate.Happening;
import writeboost.simulate.Happenings;
import writeboost.simulate.Simulation;

/**
 * {@code writeboost simulate}: runs of the engine in a world in which every event can be a crash.
 * Starts a thread for each processor; every seed is a run of its own.
 */
@Command(
    name = "simulate",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Runs the engine over simulated disks, crashes it at every kind of moment, and checks that"
            + " nothing that was promised is lost. Every fourth seed is for layout v1. Touches no"
            + " device.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost simulate --runs 100000",
      "  writeboost simulate --runs 1 --seed 4711",
      "    (one run again, event by event the same)",
      "",
      "Exit codes: 0 no violation, 1 a violation, or a kind of event that never",
      "happened, 2 usage."
    })
final class SimulateCommand implements Callable<Integer> {

  /** From so many runs on, each kind of event must have happened. */
  private static final long RUNS_FOR_ALL = 2_000;

  private static final long SEED_BOUND = 1_000_000_000_000L;

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls call
  @Spec
  private CommandSpec spec;

  @Option(names = "--runs", paramLabel = "N", description = "How many runs. Default: 2000.")
  private long runs = RUNS_FOR_ALL;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "The first run's seed; the next has the next. Default: drawn.")
  private @Nullable Long seed;

  private final AtomicLong taken = new AtomicLong();
  private final AtomicLong done = new AtomicLong();
  private final AtomicReference<@Nullable Broken> violation = new AtomicReference<>();
  private final Happenings happenings = new Happenings();

  @Override
  public Integer call() throws CommandFailure, InterruptedException {
    if (runs < 1) {
      throw CommandFailure.usage("--runs must be at least 1, not " + runs);
    }
    long first = seed != null ? seed : ThreadLocalRandom.current().nextLong(SEED_BOUND);
    PrintWriter out = spec.commandLine().getOut();
    out.printf("seeds %d to %d%n", first, first + runs - 1);
    out.flush();
    long startNs = System.nanoTime();
    simulate(first);
    Broken broken = violation.get();
    if (broken != null) {
      throw CommandFailure.failure(
          broken.what + "; again with: writeboost simulate --runs 1 --seed " + broken.seed);
    }
    out.printf(
        Locale.ROOT,
        "%,d runs, %,d crashes, no violation, %,d seconds%n%n%s",
        runs,
        happenings.count(Happening.POWER_LOSS) + happenings.count(Happening.KILL),
        (System.nanoTime() - startNs) / 1_000_000_000,
        happenings);
    out.flush();
    requireAllKinds();
    return 0;
  }

  private void simulate(long first) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      threads.add(Thread.ofPlatform().daemon().name("simulation " + i).start(() -> runs(first)));
    }
    Progress progress = new Progress("simulating", runs, "%,d runs"::formatted, () -> {});
    for (Thread thread : threads) {
      while (!thread.join(Duration.ofMillis(100))) {
        progress.at(done.get());
      }
    }
    progress.end();
  }

  /** One thread's share. */
  private void runs(long first) {
    Simulation simulation = new Simulation();
    Happenings own = new Happenings();
    long next = taken.getAndIncrement();
    while (next < runs && violation.get() == null) {
      try {
        own.add(simulation.run(first + next).happenings());
      } catch (RuntimeException | Error e) {
        violation.compareAndSet(null, new Broken(first + next, String.valueOf(e.getMessage())));
      }
      done.incrementAndGet();
      next = taken.getAndIncrement();
    }
    synchronized (happenings) {
      happenings.add(own);
    }
  }

  /** What a seed has brought to light. */
  private record Broken(long seed, String what) {}

  private void requireAllKinds() throws CommandFailure {
    List<String> missing =
        Arrays.stream(Happening.values())
            .filter(what -> happenings.count(what) == 0)
            .map(what -> what.name().toLowerCase(Locale.ROOT).replace('_', ' '))
            .toList();
    if (runs >= RUNS_FOR_ALL && !missing.isEmpty()) {
      throw CommandFailure.failure(
          "never happened, so it was not tested: " + String.join(", ", missing));
    }
  }
}
