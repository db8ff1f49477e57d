package writeboost.simulate;

/** What a run is to bring about. Over many seeds each must have happened, or it is not tested. */
public enum Happening {
  FORMATTED,
  LIFE,
  /** Of a cache of the layout of 2013. */
  LAP_LAYOUT_LIFE,
  READ_ONLY_LIFE,
  /** A cache of the kernel module has been taken over. */
  ADOPTED,
  /** Some of the log that was resumed had been written by the module. */
  LIFE_WITH_ADOPTED_SEGMENTS,
  CLEAN_STOP,
  POWER_LOSS,
  KILL,
  CRASH_IN_FORMAT,
  CRASH_IN_RESUME,
  CRASH_IN_ADOPTION,
  CRASH_WHILE_RUNNING,
  CRASH_IN_CLEAN_STOP,
  /** The second, third ... time that the log comes to its first slot. */
  LAP,
  SLOT_REUSED,
  RECORD_WRITTEN,
  SEGMENT_APPENDED,
  /** A header of which some sectors survived a power loss, and others did not. */
  TORN_HEADER,
  /** The same of the lines of one write. */
  TORN_GROUP,
  /** Segments behind the end of the log that a resume has dropped. */
  STALE_SUFFIX,
  SEGMENT_SHORTENED,
  /** Acknowledged, not flushed, and gone: as allowed. */
  UNFLUSHED_LOST,
  MERGE_FROM_DEVICE,
  READ_FROM_CACHE_DEVICE,
  READ_FROM_BACKING,
  LINE_WRITTEN_BACK,
  WRITE_BACK_FROM_DEVICE,
  /** The end came while the backing device was being written. */
  WRITE_BACK_IN_FLIGHT,
  BACKING_FAILED,
  BACKING_FLUSH_FAILED,
  /** Sectors that a failed flush has thrown away. */
  BACKING_FORGOT,
  CACHE_FAILED,
  /** A device did not answer until the end. */
  STUCK,
  FILLING_LINE_READ,
  /** A flipped bit in what a header says was durable. */
  ROT_BEFORE_MARK,
  /** In what no header says so of; it may pass for a tear. */
  ROT_BEHIND_MARK,
  ROT_REFUSED,
  /** In a durable line; it stays so for all lives to come. */
  ROT_THAT_STAYS,
  LINE_COPIED_FORWARD,
  BLOCK_UNREADABLE,
  BARRIER_WHILE_FILLING,
  WRITE_WAITED,
  WRITE_CANCELLED,
  FUA,
  WRITE_ZEROES,
  TRIM,
  ZERO_RUN_WRITTEN_BACK,
  /** In the end everything was written back, and health was ok. */
  CAME_ROUND,
  /** A tunable was set while the volume was used. */
  TUNED,
  /** The volume was suspended, and all quiet. */
  SUSPENDED,
  /** It was asked where its blocks are. */
  STATES_SURVEYED,
  /** It was asked what it knows of its space. */
  DESCRIBED,
  /** And said that some of it is zero. */
  HOLE_DESCRIBED
}
