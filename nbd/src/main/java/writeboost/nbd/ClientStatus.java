package writeboost.nbd;

import java.time.Instant;

/**
 * A client of an {@link NbdServer} at one moment, for people.
 *
 * @param number of the connection, from 1 on; none is used twice
 * @param address of a TCP client; "unix" of another
 * @param export that it uses, printable; empty in the handshake
 * @param phase how far it is
 * @param encrypted it uses TLS
 * @param since when it connected
 * @param requestsInFlight that were read and are not answered
 * @param bytesHeld memory that its requests hold, those included that it has sent only a part of
 * @param requests that were answered
 * @param errors of them, those that failed
 */
public record ClientStatus(
    long number,
    String address,
    String export,
    Phase phase,
    boolean encrypted,
    Instant since,
    int requestsInFlight,
    long bytesHeld,
    long requests,
    long errors) {

  /** The life of a connection. */
  public enum Phase {
    /** It negotiates. */
    HANDSHAKE,

    /** Its requests are served. */
    SERVING,

    /** Its first request waits for what clients who are gone had asked for. */
    WAITING,

    /** No further request is looked at; the device has not answered all of them. */
    ENDING
  }
}
