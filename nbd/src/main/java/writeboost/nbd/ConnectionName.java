package writeboost.nbd;

import java.time.Instant;

/**
 * What tells one connection from the others, for logs and people.
 *
 * @param number from 1 on; none is used twice
 * @param address of a TCP client; "unix" of another
 * @param since when it was accepted
 */
record ConnectionName(long number, String address, Instant since) {
  @Override
  public String toString() {
    return address + " #" + number;
  }
}
