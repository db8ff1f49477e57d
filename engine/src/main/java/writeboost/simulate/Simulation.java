package writeboost.simulate;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.layout.ChecksumLayout;
import writeboost.layout.LapLayout;
import writeboost.layout.Layout;
import writeboost.log.Rules;

/**
 * Runs of the real core in a simulated world: start here. A seed says everything about a run. One
 * thread; may be used for any number of runs, one after the other.
 */
public final class Simulation {

  /** Puts something between the core and its cache disk, to see that it is noticed. */
  @FunctionalInterface
  public interface Decoration {
    BlockDevice decorate(BlockDevice cache);

    /** The same between a volume and who asks where its blocks are. */
    default Surveyor.Surveyed survey(Surveyor.Surveyed sound) {
      return sound;
    }
  }

  /**
   * What a run was like.
   *
   * @param trace a hash over everything that happened
   */
  public record Report(long seed, long trace, Happenings happenings) {}

  private final Memory memory = new Memory();
  private final Decoration decoration;

  /** Null where the seed draws it. */
  private final @Nullable Layout layout;

  private final Rules rules;

  /** Of caches of both layouts. */
  public Simulation() {
    this(disk -> disk, null, Rules.ALL);
  }

  public Simulation(Decoration decoration) {
    this(decoration, ChecksumLayout.INSTANCE, Rules.ALL);
  }

  /** Of caches of this layout. */
  public Simulation(Layout layout) {
    this(layout, Rules.ALL);
  }

  /** Of an engine that keeps only {@code rules}, to see that the others are missed. */
  public Simulation(Rules rules) {
    this(ChecksumLayout.INSTANCE, rules);
  }

  /** The same of caches of another layout. */
  public Simulation(Layout layout, Rules rules) {
    this(disk -> disk, layout, rules);
  }

  Simulation(Decoration decoration, @Nullable Layout layout, Rules rules) {
    this.decoration = decoration;
    this.layout = layout;
    this.rules = rules;
  }

  /**
   * Runs {@code seed} to its end.
   *
   * @throws Violation if a promise was broken; says in which life
   */
  public Report run(long seed) {
    return run(seed, new Moments(0));
  }

  /**
   * Runs a small world that ends once at the moment {@code end}, counted from 1, and goes on from
   * there. With all moments one after the other: a crash at every I/O and every event.
   *
   * @return false where the run was over before that moment
   */
  public boolean runWithEndAt(long seed, long end) {
    Moments moments = new Moments(end);
    run(seed, moments);
    return moments.isPast();
  }

  /** One seed in four is for the layout of 2013, which has less to go wrong. */
  private static Layout layout(long seed) {
    return Math.floorMod(seed, 4) == 0 ? LapLayout.INSTANCE : ChecksumLayout.INSTANCE;
  }

  /** One seed in eight begins with a cache of the kernel module. */
  private static boolean isAdopted(long seed) {
    return Math.floorMod(seed, 8) == 1;
  }

  private Report run(long seed, Moments moments) {
    Layout drawn = layout != null ? layout : layout(seed);
    boolean adopted = layout == null && isAdopted(seed);
    SimulatedWorld world =
        new SimulatedWorld(seed, memory, drawn, adopted, decoration, rules, moments);
    try {
      world.run();
    } catch (IOException | RuntimeException | AssertionError fault) {
      throw new Violation(
          "seed %d, life %d of %s: %s".formatted(seed, world.life(), world.plan(), fault), fault);
    }
    return new Report(seed, world.trace(), world.happenings());
  }
}
