#include "coordinator/store/shot_table.h"

#include "absl/strings/str_format.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {
namespace {

#define SHOT_COLUMNS                                                               \
  "begin_frame, end_frame, state, depth_low, depth_high, numeric_class, measured," \
  " first_far, first_middle, first_near, last_far, last_middle, last_near"

const char* StateText(ShotState state) {
  switch (state) {
    case ShotState::kPlanned:
      return "planned";
    case ShotState::kDepthDone:
      return "depth_done";
    case ShotState::kReconciled:
      return "reconciled";
  }
  return "";
}

absl::StatusOr<ShotState> ParseState(const std::string& text) {
  for (ShotState state : {ShotState::kPlanned, ShotState::kDepthDone, ShotState::kReconciled}) {
    if (text == StateText(state)) return state;
  }
  return absl::DataLossError(absl::StrFormat("'%s' is not a state of a shot", text));
}

absl::StatusOr<ShotRecord> ReadShot(const Statement& row) {
  ShotRecord shot;
  shot.frames = {row.Int(0), row.Int(1)};
  SF_ASSIGN_OR_RETURN(shot.state, ParseState(row.Text(2)));
  shot.depth_low = row.Real(3);
  shot.depth_high = row.Real(4);
  shot.numeric_class = row.Text(5);
  shot.measured = row.Real(6);
  shot.first = {row.Real(7), row.Real(8), row.Real(9)};
  shot.last = {row.Real(10), row.Real(11), row.Real(12)};
  return shot;
}

absl::StatusOr<std::optional<ShotRecord>> ReadOne(Statement* query) {
  SF_ASSIGN_OR_RETURN(const bool row, query->Step());
  if (!row) return std::nullopt;
  SF_ASSIGN_OR_RETURN(ShotRecord shot, ReadShot(*query));
  return shot;
}

}  // namespace

constexpr char kInsertShot[] =
    "INSERT INTO shots (job, begin_frame, end_frame, state, depth_low, depth_high, numeric_class,"
    " measured, first_far, first_middle, first_near, last_far, last_middle, last_near)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kInsertShard[] =
    "INSERT INTO shards (job, core_begin, core_end, full_begin, full_end, shot_begin)"
    " VALUES (?, ?, ?, ?, ?, ?)";
absl::Status ShotTable::Insert(const std::string& job, const ShotRecord& shot,
                               const std::vector<Shard>& shards) {
  SF_RETURN_IF_ERROR(database_->Prepare(kInsertShot)
                         .Bind(job)
                         .Bind(shot.frames.begin)
                         .Bind(shot.frames.end)
                         .Bind(StateText(shot.state))
                         .Bind(shot.depth_low)
                         .Bind(shot.depth_high)
                         .Bind(shot.numeric_class)
                         .Bind(shot.measured)
                         .Bind(shot.first.far)
                         .Bind(shot.first.middle)
                         .Bind(shot.first.near)
                         .Bind(shot.last.far)
                         .Bind(shot.last.middle)
                         .Bind(shot.last.near)
                         .Run());
  for (const Shard& shard : shards) {
    SF_RETURN_IF_ERROR(database_->Prepare(kInsertShard)
                           .Bind(job)
                           .Bind(shard.core.begin)
                           .Bind(shard.core.end)
                           .Bind(shard.full.begin)
                           .Bind(shard.full.end)
                           .Bind(shot.frames.begin)
                           .Run());
  }
  return absl::OkStatus();
}

constexpr char kUpdateShot[] =
    "UPDATE shots SET state = ?, depth_low = ?, depth_high = ?, numeric_class = ?, measured = ?,"
    " first_far = ?, first_middle = ?, first_near = ?, last_far = ?, last_middle = ?, last_near = ?"
    " WHERE job = ? AND begin_frame = ?";
absl::Status ShotTable::Update(const std::string& job, const ShotRecord& shot) {
  return database_->Prepare(kUpdateShot)
      .Bind(StateText(shot.state))
      .Bind(shot.depth_low)
      .Bind(shot.depth_high)
      .Bind(shot.numeric_class)
      .Bind(shot.measured)
      .Bind(shot.first.far)
      .Bind(shot.first.middle)
      .Bind(shot.first.near)
      .Bind(shot.last.far)
      .Bind(shot.last.middle)
      .Bind(shot.last.near)
      .Bind(job)
      .Bind(shot.frames.begin)
      .Run();
}

constexpr char kRemoveShots[] = "DELETE FROM shots WHERE job = ?";
absl::Status ShotTable::RemoveAll(const std::string& job) {
  return database_->Prepare(kRemoveShots).Bind(job).Run();
}

constexpr char kGetShot[] = "SELECT " SHOT_COLUMNS " FROM shots WHERE job = ? AND begin_frame = ?";
absl::StatusOr<std::optional<ShotRecord>> ShotTable::Get(const std::string& job, int64_t begin) {
  Statement query = database_->Prepare(kGetShot);
  query.Bind(job).Bind(begin);
  return ReadOne(&query);
}

constexpr char kShotBefore[] = "SELECT " SHOT_COLUMNS
                               " FROM shots WHERE job = ? AND begin_frame < ?"
                               " ORDER BY begin_frame DESC LIMIT 1";
absl::StatusOr<std::optional<ShotRecord>> ShotTable::Before(const std::string& job, int64_t begin) {
  Statement query = database_->Prepare(kShotBefore);
  query.Bind(job).Bind(begin);
  return ReadOne(&query);
}

constexpr char kAllShots[] =
    "SELECT " SHOT_COLUMNS " FROM shots WHERE job = ? ORDER BY begin_frame";
absl::StatusOr<std::vector<ShotRecord>> ShotTable::All(const std::string& job) {
  Statement query = database_->Prepare(kAllShots);
  query.Bind(job);
  std::vector<ShotRecord> shots;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return shots;
    SF_ASSIGN_OR_RETURN(ShotRecord shot, ReadShot(query));
    shots.push_back(std::move(shot));
  }
}

constexpr char kUnreconciled[] =
    "SELECT 1 FROM shots WHERE job = ? AND state <> 'reconciled' LIMIT 1";
absl::StatusOr<bool> ShotTable::AllReconciled(const std::string& job) {
  Statement query = database_->Prepare(kUnreconciled);
  query.Bind(job);
  SF_ASSIGN_OR_RETURN(const bool row, query.Step());
  return !row;
}

constexpr char kShards[] =
    "SELECT core_begin, core_end, full_begin, full_end, scale, shift, scale_to, shift_to FROM "
    "shards"
    " WHERE job = ? AND core_begin >= ? AND core_begin < ? ORDER BY core_begin";
absl::StatusOr<std::vector<ShardRecord>> ShotTable::Shards(const std::string& job,
                                                           const FrameRange& shot,
                                                           const FrameRange& within) {
  Statement query = database_->Prepare(kShards);
  query.Bind(job).Bind(within.begin).Bind(within.end);
  std::vector<ShardRecord> shards;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return shards;
    shards.push_back({Shard{{query.Int(0), query.Int(1)}, {query.Int(2), query.Int(3)}, shot},
                      {{query.Real(4), query.Real(5)}, {query.Real(6), query.Real(7)}}});
  }
}

constexpr char kUpdateShard[] =
    "UPDATE shards SET scale = ?, shift = ?, scale_to = ?, shift_to = ?,"
    " full_begin = ?, full_end = ? WHERE job = ? AND "
    "core_begin = ?";
absl::Status ShotTable::UpdateShard(const std::string& job, const ShardRecord& shard) {
  return database_->Prepare(kUpdateShard)
      .Bind(shard.ramp.from.scale)
      .Bind(shard.ramp.from.shift)
      .Bind(shard.ramp.to.scale)
      .Bind(shard.ramp.to.shift)
      .Bind(shard.shard.full.begin)
      .Bind(shard.shard.full.end)
      .Bind(job)
      .Bind(shard.shard.core.begin)
      .Run();
}

constexpr char kDropSeams[] = "DELETE FROM seams WHERE job = ? AND shot_begin = ?";
constexpr char kInsertSeam[] =
    "INSERT INTO seams (job, frame, shot_begin, residual_percent) VALUES (?, ?, ?, ?)";
absl::Status ShotTable::SetSeams(const std::string& job, int64_t shot_begin,
                                 const std::vector<SeamRecord>& seams) {
  SF_RETURN_IF_ERROR(database_->Prepare(kDropSeams).Bind(job).Bind(shot_begin).Run());
  for (const SeamRecord& seam : seams) {
    SF_RETURN_IF_ERROR(database_->Prepare(kInsertSeam)
                           .Bind(job)
                           .Bind(seam.frame)
                           .Bind(shot_begin)
                           .Bind(seam.residual_percent)
                           .Run());
  }
  return absl::OkStatus();
}

constexpr char kSeams[] =
    "SELECT shot_begin, frame, residual_percent FROM seams WHERE job = ? ORDER BY frame";
absl::StatusOr<std::vector<SeamRecord>> ShotTable::Seams(const std::string& job) {
  Statement query = database_->Prepare(kSeams);
  query.Bind(job);
  std::vector<SeamRecord> seams;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return seams;
    seams.push_back({query.Int(0), query.Int(1), query.Real(2)});
  }
}

}  // namespace stereofarm
