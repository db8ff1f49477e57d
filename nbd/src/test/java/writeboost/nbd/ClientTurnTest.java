package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ClientTurnTest {

  private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(30);

  private final ClientTurn turn = new ClientTurn();

  private boolean stalledAt(long second) {
    return turn.isStalled(TimeUnit.SECONDS.toNanos(second), TIMEOUT);
  }

  @Test
  void anIdleClientIsNotStalled() {
    assertThat(stalledAt(1)).isFalse();
    assertThat(stalledAt(1000)).isFalse();
  }

  @Test
  void onlyWhatWasSeenCounts() {
    turn.payload().begin();
    assertThat(stalledAt(1000)).isFalse();
    assertThat(stalledAt(1029)).isFalse();
    assertThat(stalledAt(1030)).isTrue();
  }

  @Test
  void aSlowClientIsNotStalledAndATooSlowOneIs() {
    turn.replies().begin();
    assertThat(stalledAt(0)).isFalse();
    for (int second = 1; second <= 100; second++) {
      turn.replies().moved(ClientTurn.SLOWEST + 1);
      assertThat(stalledAt(second)).isFalse();
    }
    for (int second = 101; second < 130; second++) {
      turn.replies().moved(1);
      assertThat(stalledAt(second)).isFalse();
    }
    assertThat(stalledAt(130)).isTrue();
  }

  @Test
  void theNextTurnBeginsAnew() {
    turn.replies().begin();
    assertThat(stalledAt(0)).isFalse();
    turn.replies().end();
    turn.replies().begin();
    assertThat(stalledAt(40)).isFalse();
    turn.replies().end();
    assertThat(stalledAt(80)).isFalse();
    turn.payload().begin();
    assertThat(stalledAt(120)).isFalse();
    assertThat(stalledAt(150)).isTrue();
  }
}
