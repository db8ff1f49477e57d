package writeboost.nbd;

import java.util.ArrayList;
import java.util.List;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;

/** A device, and what clients see of it. */
record Exported(BlockDevice device, Export export) {

  boolean isReadOnly() {
    return export.readOnly() || device.limits().readOnly();
  }

  /** A context's place in the list is its id on the wire. */
  List<MetaContext> contexts() {
    List<MetaContext> contexts = new ArrayList<>();
    contexts.add(new MetaContext(MetaContext.ALLOCATION, device::describe));
    contexts.addAll(export.contexts());
    return contexts;
  }

  /**
   * The transmission flags.
   *
   * @param structured the client takes structured replies
   */
  int flags(boolean structured) {
    Limits limits = device.limits();
    boolean writable = !isReadOnly();
    int flags =
        Protocol.TRANSMIT_HAS_FLAGS
            | Protocol.TRANSMIT_SEND_FLUSH
            | Protocol.TRANSMIT_SEND_FUA
            | Protocol.TRANSMIT_SEND_CACHE
            | Protocol.TRANSMIT_CAN_MULTI_CONN;
    flags |= device.rotational() ? Protocol.TRANSMIT_ROTATIONAL : 0;
    flags |= structured ? Protocol.TRANSMIT_SEND_DF : 0;
    flags |= writable ? 0 : Protocol.TRANSMIT_READ_ONLY;
    flags |= writable && limits.canTrim() ? Protocol.TRANSMIT_SEND_TRIM : 0;
    flags |= writable && limits.canZero() ? Protocol.TRANSMIT_SEND_WRITE_ZEROES : 0;
    boolean fast = writable && limits.canZero() && device.canZeroFast();
    return fast ? flags | Protocol.TRANSMIT_SEND_FAST_ZERO : flags;
  }
}
