package writeboost.simulate;

/** The process ends here, or the machine does. Thrown in the middle of whatever was going on. */
public final class SimulatedCrash extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public SimulatedCrash(String where) {
    super(where, null, false, false);
  }
}
