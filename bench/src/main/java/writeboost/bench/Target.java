package writeboost.bench;

import java.io.IOException;
import java.util.List;

/** One thing that is measured side by side, and what has to come of it. Runs on the main thread. */
interface Target {

  /** What the command line and the tables call it. */
  String name();

  /** What is measured, in one line. */
  String what();

  /** What it is compared with. */
  String against();

  /** What the comparison is to show; empty where the figures are published as they are. */
  String goal();

  /** Programs that it needs, each one of {@link Programs}. */
  List<String> programs();

  /** Measures. */
  Result measure(Bench bench) throws IOException, InterruptedException;
}
