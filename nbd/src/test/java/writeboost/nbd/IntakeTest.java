package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class IntakeTest {

  private final Intake intake = new Intake();

  @Test
  void whoFindsNothingAfterTheQuestionHasTakenInAll() throws Exception {
    long question = intake.ask();
    intake.looking();
    intake.found(1);
    assertThat(isAnswered(question)).isFalse();
    assertThat(intake.isAsked()).isTrue();
    intake.looking();
    intake.foundNothing();
    assertThat(isAnswered(question)).isTrue();
    assertThat(intake.isAsked()).isFalse();
  }

  @Test
  void whoLookedBeforeTheQuestionHasNothingToSay() throws Exception {
    intake.looking();
    long question = intake.ask();
    intake.foundNothing();
    assertThat(isAnswered(question)).isFalse();
  }

  @Test
  void whoFindsMoreThanCanBeOnTheWayHasAClient() throws Exception {
    intake.looking();
    intake.found(Integer.MAX_VALUE); // before the question: says nothing
    long question = intake.ask();
    intake.looking();
    intake.found((int) Intake.MOST_ON_THE_WAY - 1);
    intake.looking();
    assertThat(isAnswered(question)).isFalse();
    intake.found(1);
    assertThat(isAnswered(question)).isTrue();
  }

  @Test
  void aQuestionWhileAnotherIsOpenHasAnAnswerOfItsOwn() throws Exception {
    long first = intake.ask();
    intake.looking();
    intake.found((int) Intake.MOST_ON_THE_WAY - 1);
    long second = intake.ask();
    intake.looking();
    intake.found(1);
    assertThat(isAnswered(first)).isTrue();
    assertThat(isAnswered(second)).isFalse();
    intake.looking();
    intake.foundNothing();
    assertThat(isAnswered(second)).isTrue();
  }

  @Test
  void theEndAnswersAll() throws Exception {
    long question = intake.ask();
    intake.end();
    assertThat(isAnswered(question)).isTrue();
    assertThat(isAnswered(intake.ask())).isTrue();
  }

  private boolean isAnswered(long question) throws InterruptedException {
    return intake.await(question, 0);
  }
}
