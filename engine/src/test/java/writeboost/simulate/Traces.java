package writeboost.simulate;

/** Prints what happened in some runs, for a comparison with another process. */
final class Traces {

  private Traces() {}

  /** A line for each seed from {@code first} to {@code last}. */
  static String of(long first, long last) {
    Simulation simulation = new Simulation();
    StringBuilder lines = new StringBuilder();
    for (long seed = first; seed <= last; seed++) {
      lines.append("%d %016x%n".formatted(seed, simulation.run(seed).trace()));
    }
    return lines.toString();
  }

  /** The first seed and the last one. */
  public static void main(String[] seeds) {
    System.out.print(of(Long.parseLong(seeds[0]), Long.parseLong(seeds[1])));
  }
}
