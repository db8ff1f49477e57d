package writeboost.simulate;

/** What a run is to bring about. Over many seeds each must have happened, or it is not tested. */
public enum Happening {
  FORMATTED,
  LIFE,
  READ_ONLY_LIFE,
  CLEAN_STOP,
  POWER_LOSS,
  KILL,
  CRASH_IN_FORMAT,
  CRASH_IN_RESUME,
  CRASH_WHILE_RUNNING,
  CRASH_IN_CLEAN_STOP,
  /** The second, third ... time that the log comes to its first slot. */
  LAP,
  SLOT_REUSED,
  RECORD_WRITTEN,
  SEGMENT_APPENDED,
  SEGMENTS_DROPPED,
  SEGMENT_SHORTENED,
  /** Acknowledged, not flushed, and gone: as allowed. */
  UNFLUSHED_LOST,
  MERGE_FROM_DEVICE,
  READ_FROM_CACHE_DEVICE,
  READ_FROM_BACKING,
  LINE_WRITTEN_BACK,
  WRITE_BACK_FROM_DEVICE,
  /** A write or a flush of the backing device; the flush may have forgotten what it should keep. */
  BACKING_FAILED,
  BARRIER_WHILE_FILLING,
  WRITE_WAITED,
  WRITE_CANCELLED,
  FUA,
  WRITE_ZEROES
}
