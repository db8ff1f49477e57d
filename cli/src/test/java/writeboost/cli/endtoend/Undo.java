package writeboost.cli.endtoend;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** What has to be undone, newest first, each whatever became of the others. One thread. */
final class Undo implements AutoCloseable {

  interface Action {
    void run() throws Exception;
  }

  private final Deque<Action> actions = new ArrayDeque<>();

  void add(Action action) {
    actions.push(action);
  }

  /** Undoes what is left; nothing is tried twice. */
  @Override
  public void close() throws IOException {
    IOException failure = null;
    while (!actions.isEmpty()) {
      try {
        actions.pop().run();
      } catch (Exception | AssertionError e) {
        if (failure == null) {
          failure = new IOException("cannot clean up", e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
