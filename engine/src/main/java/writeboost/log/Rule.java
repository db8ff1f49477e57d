package writeboost.log;

/**
 * A safeguard of the log: without it some crash, or some damage, would lose or mix up blocks. The
 * numbers are those of DESIGN. Each can be left out of {@link Rules}, to see that it is needed.
 */
public enum Rule {
  // the life of a write (section 5)

  /** 5.1: a line that is being filled is not overwritten in place, read, or merged from. */
  FILLING_LINES_WAIT,
  /** 5.1: a partial write over an older dirty line takes that line's other sectors along. */
  MERGE_OLDER_SECTORS,
  /** 5.2: the lines of a group that a barrier has frozen are not overwritten in place. */
  FROZEN_IS_IMMUTABLE,
  /** 5.3: a flush covers only what had been written when it was submitted. */
  FLUSH_COVERS_COMPLETED,
  /** 5.3: a segment is handed over only when its frozen lines are filled. */
  SUBMIT_FILLED_LINES,
  /** 5.4: a line that was replaced stays dirty until its replacement is durable. */
  OLD_LINE_STAYS_DIRTY,
  /** 5.5: a FUA write is answered after its barrier. */
  FUA_AFTER_BARRIER,
  /** 5.6: a RAM buffer is used again only when its segment is durable. */
  BUFFER_UNTIL_DURABLE,
  /** 5.6: after a failed write or flush of the cache device the volume has failed. */
  FAILED_FLUSH_IS_FINAL,
  /** 5.6: no id beyond durable + W is opened. */
  WINDOW,
  /** 5.8: a segment has one write in flight. */
  ONE_WRITE_PER_SEGMENT,
  /** 5.8: a RAM buffer that is being read is not used again. */
  PINNED_BUFFER,
  /** 5.9: the newest of line and zero run wins. */
  ZERO_RUN_HIDES_LINES,
  /**
   * 5.9: a line over a zero run that may be carried out again holds all that came after the run.
   */
  MERGE_OVER_ZERO_RUN,
  /** 5, reads: what was laid over a backing read is looked up again after it. */
  OVERLAY_AGAIN,
  /** 5, reads: a line from the cache device is checked against its CRC. */
  LINE_CRC,
  /** 5, reusing a slot: a record that its occupant is written back is durable. */
  SLOT_RECORD_DURABLE,
  /** 5, reusing a slot: nobody reads it. */
  SLOT_UNPINNED,

  /** A volume says that it is suspended only when all that it has acknowledged is durable. */
  SUSPENDED_IS_DURABLE,

  // write-back (section 6)

  /** Only durable segments are written back. */
  WRITE_BACK_DURABLE_ONLY,
  /** Zero runs are carried out before the lines over them are written. */
  ZEROES_BEFORE_LINES,
  /** Lines that a durable zero run covers are not written back over it. */
  ZEROED_LINES_STAY,
  /** The backing device is flushed before anything is marked clean. */
  BACKING_FLUSH,
  /** A failed write or flush of the backing device ends the batch. */
  BACKING_ERROR,

  // the header (section 4)

  /** The durable mark of a header names only what a flush has covered. */
  DURABLE_MARK_IS_TRUE,

  // resume (section 7)

  /** (a) the incarnation is bumped. */
  BUMP_INCARNATION,
  /** (a) and flushed, together with what a killed process has left. */
  FLUSH_AT_START,
  /** (b) the record has its CRC, or is the zeroes of a format. */
  RECORD_CRC,
  /**
   * (b) a header has the CRC of its sector and the UUID of the cache. A second line: a format
   * clears the headers of other caches, and what a flipped bit could change is, nearly always,
   * guarded once more, by the CRC of the metablocks, the order of incarnations and the durable
   * marks.
   */
  HEADER_IS_OURS,
  /** (b) a header has the id of its place in the walk. */
  HEADER_ID,
  /** (b) the incarnation never decreases. */
  INCARNATION_ORDER,
  /** (b) on to the next id only if this one is closed. */
  CLOSED,
  /** (b) and complete. */
  COMPLETE,
  /** (b) lines behind the durable mark are verified. */
  VERIFY_LINES,
  /** (b) whole groups only. */
  WHOLE_GROUPS,
  /** (b) a metablock area before the durable mark is verified. */
  METABLOCKS_CRC,
  /** (b) what was durable and is missing is damage, not the end of the log. */
  DURABLE_IS_REQUIRED,
  /** (b) nor is a first sector that no crash leaves so. */
  TORN_SECTOR_IS_DAMAGE,
  /** (c) ids that were seen behind T get an empty closed segment. */
  EMPTY_SEGMENTS,
  /**
   * (c) the other headers of the window are cleared. A second line: behind the flush of (a), a
   * header that was not whole when M was looked for stays so, and one of an older incarnation
   * cannot follow on a newer one. It spares every later resume that reasoning.
   */
  CLEAR_WINDOW,
  /** (c) flush, before T is shortened. */
  FLUSH_EMPTY_SEGMENTS,
  /** (d) the torn segment is shortened to its whole groups and closed. */
  SHORTEN,
  /** (d) flush, before the first request. */
  FLUSH_SHORTENED,
  /** (e) new ids begin above all that were seen. */
  NEW_IDS,

  // layout v1, which has no checksums

  /** A header is written only when its lines are durable. */
  LAP_LINES_FIRST,
  /** A header counts only with the lap in each of its metablocks. */
  LAP_IN_METABLOCKS,
  /** Resume clears every header that names an id behind T. */
  LAP_CLEAR_DROPPED;

  /** Whether this is a safeguard of layout v1 alone. */
  public boolean isOfLaps() {
    return compareTo(LAP_LINES_FIRST) >= 0;
  }
}
