package writeboost.cli.control;

/** A request that is not carried out; the message says why, in one line for people. */
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1;

  public RefusedException(String why) {
    super(why);
  }

  /** The reason. */
  public String why() {
    return String.valueOf(getMessage());
  }
}
