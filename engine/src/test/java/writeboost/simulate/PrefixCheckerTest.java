package writeboost.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Histories made by hand, of which the checker must see what is wrong with them. */
final class PrefixCheckerTest {

  private static final long A = 101;
  private static final long B = 102;
  private static final long C = 103;

  private final PrefixChecker checker = new PrefixChecker(3);

  /** Sends a piece of one sector. */
  private int send(int sector, long content) {
    return checker.sent(sector, 1, content);
  }

  private void sendAndAcknowledge(int sector, long content) {
    checker.acknowledged(send(sector, content), sector, 1);
  }

  private void assertBroken(long... found) {
    assertThatExceptionOfType(Violation.class).isThrownBy(() -> checker.resumed(found));
  }

  private void assertKept(long... found) {
    assertThatCode(() -> checker.resumed(found)).doesNotThrowAnyException();
  }

  @Test
  void everyPrefixWillDo() {
    long[][] states = {{0, 0, 0}, {A, 0, 0}, {A, B, 0}, {C, B, 0}};
    for (long[] state : states) {
      PrefixChecker fresh = new PrefixChecker(3);
      fresh.sent(0, 1, A);
      fresh.sent(1, 1, B);
      fresh.sent(0, 1, C);
      assertThatCode(() -> fresh.resumed(state)).doesNotThrowAnyException();
    }
  }

  @Test
  void aLaterPieceWithoutAnEarlierOneIsNoPrefix() {
    send(0, A);
    send(1, B);
    assertBroken(0, B, 0);
  }

  @Test
  void anOverwrittenPieceWithALaterOneIsNoPrefix() {
    send(0, A);
    send(0, B);
    send(1, C);
    assertBroken(A, C, 0);
  }

  @Test
  void aPieceIsThereAsAWhole() {
    checker.sent(0, 2, A);
    assertBroken(A, 0, 0);
  }

  @Test
  void acknowledgedAloneMayBeLost() {
    sendAndAcknowledge(0, A);
    assertThat(checker.resumed(new long[3])).isEqualTo(1);
  }

  @Test
  void whatABarrierCoveredMustBeThere() {
    sendAndAcknowledge(0, A);
    checker.durable(checker.barrierSent());
    assertBroken(0, 0, 0);
  }

  @Test
  void aBarrierCoversWhatWasAcknowledgedWhenItWasSent() {
    int piece = send(0, A);
    int promised = checker.barrierSent();
    checker.acknowledged(piece, 0, 1);
    checker.durable(promised);
    assertKept(0, 0, 0);
  }

  @Test
  void somethingForeignIsNoState() {
    send(0, A);
    assertBroken(A, Payload.FOREIGN, 0);
  }

  @Test
  void whatWasThereAfterAResumeStaysThere() {
    send(0, A);
    checker.resumed(new long[] {A, 0, 0});
    send(1, B);
    assertBroken(0, 0, 0);
  }

  @Test
  void whatAResumeDroppedDoesNotComeBack() {
    send(0, A);
    checker.resumed(new long[3]);
    assertBroken(A, 0, 0);
  }

  @Test
  void zeroesWrittenTwiceSuitTwoIntervals() {
    send(0, A);
    send(0, Payload.ZEROES);
    send(1, B);
    assertKept(0, B, 0);
    send(0, C);
    assertKept(0, B, 0);
  }

  @Test
  void aCancelledPieceDoesNotCount() {
    int cancelled = send(0, A);
    send(1, B);
    checker.never(cancelled);
    assertKept(0, B, 0);
  }

  @Test
  void aCancelledPieceDoesNotComeBack() {
    checker.never(send(0, A));
    assertBroken(A, 0, 0);
  }

  @Test
  void theReportNamesTheSector() {
    send(0, A);
    send(1, B);
    assertThatExceptionOfType(Violation.class)
        .isThrownBy(() -> checker.resumed(new long[] {A, C, 0}))
        .withMessageContaining("sector 1 should hold version 102 and holds version 103");
  }

  @Test
  void aReadReturnsWhatIsAcknowledgedOrNewer() {
    sendAndAcknowledge(0, A);
    int oldest = checker.readSent(0);
    send(0, B);
    checker.read(0, oldest, A);
    checker.read(0, oldest, B);
    assertThatExceptionOfType(Violation.class).isThrownBy(() -> checker.read(0, oldest, 0));
    assertThatExceptionOfType(Violation.class).isThrownBy(() -> checker.read(0, oldest, C));
  }

  @Test
  void aReadDoesNotGoBackBehindAnEarlierOne() {
    sendAndAcknowledge(0, A);
    send(0, B);
    checker.read(0, checker.readSent(0), B);
    int oldest = checker.readSent(0);
    assertThatExceptionOfType(Violation.class).isThrownBy(() -> checker.read(0, oldest, A));
  }

  /** Against trying every k. */
  @Test
  void countingFindsWhatTryingFinds() {
    for (long seed = 1; seed <= 2000; seed++) {
      Random random = new Random(seed);
      PrefixChecker counting = new PrefixChecker(3);
      long[][] states = new long[9][3];
      for (int k = 1; k < states.length; k++) {
        int sector = random.nextInt(3);
        long content = random.nextInt(3);
        int piece = counting.sent(sector, 1, content);
        counting.acknowledged(piece, sector, 1);
        states[k] = states[k - 1].clone();
        states[k][sector] = content;
      }
      int mark = random.nextInt(states.length);
      counting.durable(mark);
      long[] found = {random.nextInt(3), random.nextInt(3), random.nextInt(3)};
      boolean fits = false;
      for (int k = mark; k < states.length; k++) {
        fits |= java.util.Arrays.equals(states[k], found);
      }
      boolean kept = true;
      try {
        counting.resumed(found);
      } catch (Violation broken) {
        kept = false;
      }
      assertThat(kept).as("seed %d", seed).isEqualTo(fits);
    }
  }
}
