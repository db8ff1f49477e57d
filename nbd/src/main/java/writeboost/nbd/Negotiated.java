package writeboost.nbd;

import java.util.List;

/**
 * What a client and the server have agreed on.
 *
 * @param structured READs are answered in chunks
 * @param contexts that the client has chosen; empty if it cannot ask for BLOCK_STATUS
 */
record Negotiated(Exported exported, boolean structured, List<ChosenContext> contexts) {

  /**
   * @param id on the wire
   */
  record ChosenContext(int id, MetaContext context) {}
}
