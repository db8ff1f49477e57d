package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PollingTest {

  private static final int WAITS = 100_000;

  private final Polling polling = new Polling(1);

  @Test
  void whatFindsSomethingIsAlwaysWorthIt() {
    for (int i = 0; i < WAITS; i++) {
      assertThat(polling.isWorthIt()).isTrue();
      polling.found();
    }
  }

  @Test
  void whatFindsNothingIsTriedRarelyButAgainAndAgain() {
    int tries = failures(WAITS);
    assertThat(tries).isBetween(WAITS / 300, WAITS / 200);
  }

  @Test
  void oneSuccessMakesItWorthItAgain() {
    failures(WAITS);
    while (!polling.isWorthIt()) { // until its turn comes
    }
    polling.found();
    assertThat(polling.isWorthIt()).isTrue();
    polling.foundNothing();
    assertThat(polling.isWorthIt()).isFalse(); // skips one, no more
    assertThat(polling.isWorthIt()).isTrue();
  }

  @Test
  void withoutTimeItIsNeverWorthIt() {
    assertThat(new Polling(0).isWorthIt()).isFalse();
  }

  /** How often it was tried in so many waits. */
  private int failures(int waits) {
    int tries = 0;
    for (int i = 0; i < waits; i++) {
      if (polling.isWorthIt()) {
        tries++;
        polling.foundNothing();
      }
    }
    return tries;
  }
}
