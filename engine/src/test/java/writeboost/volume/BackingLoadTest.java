package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What counts as the load of the backing device where it does not say itself. */
class BackingLoadTest {

  @ParameterizedTest
  @ValueSource(longs = {0, -1000, 5000, Long.MAX_VALUE - 50})
  void countsOverlappingRequestsOnceAndWriteBackOnlyWhenItIsAlone(long start) {
    BackingLoad load = new BackingLoad();
    load.submitted(0, 3, start);
    load.submitted(2, 0, start + 10);
    load.answered(true, start + 20);
    load.answered(false, start + 25);
    load.answered(true, start + 40);
    load.answered(false, start + 45);
    load.answered(false, start + 50);
    assertThat(load.clientsNs(start + 100)).isEqualTo(30);
    assertThat(load.writebackOnlyNs(start + 100)).isEqualTo(20);
  }

  @Test
  void countsWhatIsNotAnsweredYet() {
    BackingLoad load = new BackingLoad();
    load.submitted(1, 0, 100);
    assertThat(load.clientsNs(150)).isEqualTo(50);
    assertThat(load.clientsNs(300)).isEqualTo(200);
  }

  /** Two threads have read the clock, and come here the other way round. */
  @Test
  void countsNoTimeTwice() {
    BackingLoad load = new BackingLoad();
    load.submitted(1, 0, 100);
    load.submitted(1, 0, 90);
    load.answered(true, 130);
    load.answered(true, 120);
    assertThat(load.clientsNs(200)).isEqualTo(30);
  }
}
