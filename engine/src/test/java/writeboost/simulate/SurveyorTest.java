package writeboost.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import writeboost.device.BlockDevice;
import writeboost.device.Extents;
import writeboost.simulate.Surveyor.Surveyed;
import writeboost.volume.BlockState;

/** The test of the surveyor: whoever gives it a wrong answer is found out. */
final class SurveyorTest {

  private static final long FIRST_SEED = Long.getLong("simulate.seed", 1);

  /** Seeds within which a liar has to be found out. */
  private static final int SEEDS_TO_NOTICE = Integer.getInteger("survey.runs", 2000);

  /** Passes on what it is asked. */
  private static class Witness implements Surveyed {
    final Surveyed sound;

    Witness(Surveyed sound) {
      this.sound = sound;
    }

    @Override
    public int states(Extents extents) {
      return sound.states(extents);
    }

    @Override
    public void describe(Extents extents) {
      sound.describe(extents);
    }

    @Override
    public void describeBacking(Extents extents) {
      sound.describeBacking(extents);
    }
  }

  /** Says other states than there are. */
  private static final class Liar extends Witness {
    private final IntUnaryOperator lie;

    Liar(Surveyed sound, IntUnaryOperator lie) {
      super(sound);
      this.lie = lie;
    }

    @Override
    public int states(Extents extents) {
      Extents truth = new Extents(extents.most(), unused -> {});
      int error = sound.states(truth.ask(extents.offset, extents.length, extents.most()));
      for (int i = 0; i < truth.count(); i++) {
        extents.add(truth.length(i), lie.applyAsInt(truth.state(i)));
      }
      return error;
    }
  }

  /**
   * Asks the backing device first, and the log when it has the answer: what has been written back
   * in between is in neither.
   */
  private static final class Hasty extends Witness {
    Hasty(Surveyed sound) {
      super(sound);
    }

    @Override
    public void describe(Extents extents) {
      int most = (int) (extents.length / 512);
      Extents backing = new Extents(most, answered -> overlay(answered, extents));
      describeBacking(backing.ask(extents.offset, extents.length, most));
    }

    private void overlay(Extents backing, Extents extents) {
      int most = (int) (extents.length / 512);
      Extents log = new Extents(most, unused -> {}).ask(extents.offset, extents.length, most);
      int error = states(log);
      int run = 0;
      long behind = 0;
      for (int i = 0; i < backing.count() && error == 0; i++) {
        for (long done = 0; done < backing.length(i); done += 512) {
          while (behind <= extents.described()) {
            behind += log.length(run++);
          }
          int state = log.state(run - 1);
          int zero = state == BlockState.ZERO ? Extents.ZERO : 0;
          if (!extents.add(512, state == BlockState.ABSENT ? backing.state(i) : zero)) {
            extents.complete(error);
            return;
          }
        }
      }
      extents.complete(error);
    }
  }

  /** Does not look into the log at all. */
  private static final class Forgetful extends Witness {
    Forgetful(Surveyed sound) {
      super(sound);
    }

    @Override
    public void describe(Extents extents) {
      describeBacking(extents);
    }
  }

  private static Simulation simulation(Function<Surveyed, Surveyed> between) {
    return new Simulation(
        new Simulation.Decoration() {
          @Override
          public BlockDevice decorate(BlockDevice cache) {
            return cache;
          }

          @Override
          public Surveyed survey(Surveyed sound) {
            return between.apply(sound);
          }
        });
  }

  private static void assertNoticed(Function<Surveyed, Surveyed> between) {
    Simulation simulation = simulation(between);
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS_TO_NOTICE; seed++) {
      try {
        simulation.run(seed);
      } catch (Violation noticed) {
        System.out.printf(
            "noticed after %,d runs: %s%n", seed - FIRST_SEED + 1, noticed.getMessage());
        return;
      }
    }
    assertThat(false).as("noticed").isTrue();
  }

  private static IntUnaryOperator instead(int truth, int lie) {
    return state -> state == truth ? lie : state;
  }

  @Test
  void dirtyBlocksAreNotSaidToBeClean() {
    assertNoticed(sound -> new Liar(sound, instead(BlockState.DIRTY, BlockState.CLEAN)));
  }

  @Test
  void dirtyBlocksAreNotSaidToBeAbsent() {
    assertNoticed(sound -> new Liar(sound, instead(BlockState.DIRTY, BlockState.ABSENT)));
  }

  @Test
  void dirtyBlocksAreNotSaidToBeZero() {
    assertNoticed(sound -> new Liar(sound, instead(BlockState.DIRTY, BlockState.ZERO)));
  }

  @Test
  void cleanBlocksAreNotSaidToBeDirty() {
    assertNoticed(sound -> new Liar(sound, instead(BlockState.CLEAN, BlockState.DIRTY)));
  }

  @Test
  void cleanBlocksAreNotSaidToBeZero() {
    assertNoticed(sound -> new Liar(sound, instead(BlockState.CLEAN, BlockState.ZERO)));
  }

  @Test
  void absentBlocksAreNotSaidToBeZero() {
    assertNoticed(sound -> new Liar(sound, instead(BlockState.ABSENT, BlockState.ZERO)));
  }

  @Test
  void zeroRunsAreNotSaidToBeAbsent() {
    assertNoticed(sound -> new Liar(sound, instead(BlockState.ZERO, BlockState.ABSENT)));
  }

  @Test
  void theLogIsNotForgotten() {
    assertNoticed(Forgetful::new);
  }

  @Test
  void theBackingDeviceIsNotAskedBeforeTheLog() {
    assertNoticed(Hasty::new);
  }

  /** So that the lies above are the reason. */
  @Test
  void theTruthIsTaken() {
    Simulation simulation = simulation(Witness::new);
    for (long seed = FIRST_SEED; seed < FIRST_SEED + 50; seed++) {
      simulation.run(seed);
    }
  }
}
