package writeboost.cli.control;

import java.io.IOException;

/** What requests are for. Called on a thread of the request's client, by several at once. */
@FunctionalInterface
public interface Controlled {

  /**
   * Carries out {@code request}. May take its time, and report it; ends early with the exception of
   * {@code answer} where the client has gone.
   *
   * @throws RefusedException if the request makes no sense, or cannot be carried out
   * @throws IOException if the client is gone
   */
  void handle(ControlRequest request, Answer answer) throws RefusedException, IOException;
}
