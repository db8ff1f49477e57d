package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The judge of the crash test finds what is wrong, and nothing else. */
final class HistoryTest {

  private final int[] before = new int[32];
  private final History history = new History();

  /** Blocks are sectors 0 to 7, 8 to 15, and so on. */
  @BeforeEach
  void write() {
    send(0, 4, 1);
    send(6, 12, 2); // three blocks
    send(2, 20, 3);
    send(0, 8, 0);
  }

  private void send(int sector, int count, int version) {
    history.answered(history.sent(sector, count, version), false);
  }

  @Test
  void everyPrefixIsRight() {
    right(state());
    right(state(0, 4, 1));
    right(state(0, 4, 1, 6, 12, 2));
    right(state(0, 4, 1, 6, 12, 2, 2, 20, 3));
    right(state(0, 4, 1, 6, 12, 2, 2, 20, 3, 0, 8, 0));
  }

  @Test
  void theLastWriteMayBeThereInPart() {
    right(state(0, 4, 1, 6, 2, 2));
    right(state(0, 4, 1, 6, 10, 2));
  }

  @Test
  void aBlockIsNotTorn() {
    wrong(state(0, 2, 1));
    wrong(state(0, 4, 1, 6, 5, 2));
  }

  @Test
  void nothingIsLeftOut() {
    wrong(state(6, 12, 2));
    wrong(state(0, 4, 1, 8, 10, 2));
    wrong(state(0, 4, 1, 6, 12, 2, 0, 8, 0));
  }

  @Test
  void whatIsDurableIsThere() {
    int covered = history.answered();
    right(state());
    history.flushed(covered);
    wrong(state());
    wrong(state(0, 4, 1, 6, 12, 2, 2, 20, 3));
    right(state(0, 4, 1, 6, 12, 2, 2, 20, 3, 0, 8, 0));
  }

  @Test
  void aDurableWriteBringsThoseBeforeIt() {
    history.answered(2, true);
    wrong(state(0, 4, 1));
    wrong(state(0, 4, 1, 6, 10, 2));
    right(state(0, 4, 1, 6, 12, 2));
  }

  private void right(int[] found) {
    assertThatCode(() -> history.check(before, found)).doesNotThrowAnyException();
  }

  private void wrong(int[] found) {
    assertThatThrownBy(() -> history.check(before, found)).hasMessageContaining("no prefix");
  }

  /** After writes of (sector, count, version). */
  private static int[] state(int... writes) {
    int[] state = new int[32];
    for (int i = 0; i < writes.length; i += 3) {
      for (int sector = writes[i]; sector < writes[i] + writes[i + 1]; sector++) {
        state[sector] = writes[i + 2];
      }
    }
    return state;
  }
}
