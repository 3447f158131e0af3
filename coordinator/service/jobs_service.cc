#include "coordinator/service/jobs_service.h"

#include <cstdlib>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/farm/tags.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/service/caller.h"
#include "coordinator/service/grpc_status.h"
#include "proto/conversions.h"
#include "proto/request_limits.h"

namespace stereofarm {
namespace {

// Between two messages of a Watch stream.
constexpr absl::Duration kWatchPause = absl::Milliseconds(200);
// A stream says at least this often how things are, and so finds out that its reader is gone.
constexpr absl::Duration kWatchBeat = absl::Seconds(1);
constexpr int32_t kHighestPriority = 1000;

v1::JobStatus ToProto(const JobReport& report) {
  v1::JobStatus proto;
  proto.set_job(report.job.id);
  proto.set_state(JobStateName(report.job.state));
  proto.set_error(report.job.error);
  *proto.mutable_settings() = ToProto(report.job.settings);
  proto.set_frames(report.job.range.size());
  proto.set_seconds(report.seconds);
  for (const StageReport& stage : report.stages) {
    v1::StageProgress* added = proto.add_stages();
    added->set_stage(stage.stage);
    added->set_frames_done(stage.frames_done);
    added->set_frames_total(stage.frames_total);
    added->set_tasks_running(stage.tasks_running);
  }
  v1::TaskCounts* tasks = proto.mutable_tasks();
  tasks->set_total(report.tasks.total);
  tasks->set_waiting(report.tasks.waiting);
  tasks->set_ready(report.tasks.ready);
  tasks->set_leased(report.tasks.leased);
  tasks->set_done(report.tasks.done);
  tasks->set_failed(report.tasks.failed);
  tasks->set_run(report.tasks.run);
  tasks->set_reused(report.tasks.reused);
  std::map<int64_t, int> shot_numbers;
  for (const ShotRecord& shot : report.shots) {
    shot_numbers.emplace(shot.frames.begin, proto.shots_size());
    v1::ShotStatus* added = proto.add_shots();
    added->set_begin(shot.frames.begin);
    added->set_end(shot.frames.end);
    added->set_reconciled(shot.state == ShotState::kReconciled);
    added->set_depth_low(shot.depth_low);
    added->set_depth_high(shot.depth_high);
    added->set_measured(shot.measured);
  }
  for (const CutReport& cut : report.cuts) {
    v1::CutStatus* added = proto.mutable_shots(shot_numbers[cut.frame])->mutable_cut();
    added->set_jump_percent_of_width(cut.jump_percent);
    added->set_uneased_jump_percent_of_width(cut.uneased_percent);
  }
  for (const ShardRecord& shard : report.shards) {
    v1::ShardStatus* added = proto.add_shards();
    added->set_core_begin(shard.shard.core.begin);
    added->set_core_end(shard.shard.core.end);
    added->set_full_begin(shard.shard.full.begin);
    added->set_full_end(shard.shard.full.end);
    added->set_scale_from(shard.ramp.from.scale);
    added->set_scale_to(shard.ramp.to.scale);
    added->set_shift_from(shard.ramp.from.shift);
    added->set_shift_to(shard.ramp.to.shift);
  }
  for (const SeamRecord& seam : report.seams) {
    v1::SeamStatus* added = proto.add_seams();
    added->set_shot(shot_numbers[seam.shot_begin]);
    added->set_frame(seam.frame);
    added->set_residual_percent_of_width(seam.residual_percent);
  }
  for (const std::string& remark : report.remarks) proto.add_remarks(remark);
  proto.set_created_wall_micros(report.job.created_micros);
  proto.set_paused(report.job.paused);
  proto.set_priority(static_cast<int32_t>(report.job.priority));
  proto.set_max_workers(static_cast<int32_t>(report.job.max_workers));
  for (const std::string& tag : report.job.tags) proto.add_tags(tag);
  proto.set_hold(report.hold);
  for (const TaskRecord& task : report.missing) {
    v1::MissingRange* added = proto.add_missing();
    added->set_begin(task.core.begin);
    added->set_end(task.core.end);
    added->set_task(task.name);
    added->set_error(task.error);
  }
  return proto;
}

absl::Status CheckPriority(int32_t priority) {
  if (std::abs(priority) <= kHighestPriority) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("the priority %d isn't between %d and %d",
                                                    priority, -kHighestPriority, kHighestPriority));
}

}  // namespace

absl::Status JobsService::CheckWritable() const {
  return audit_ == nullptr ? absl::OkStatus() : audit_->CheckWritable();
}

absl::Status JobsService::AdmitChange(const grpc::ServerContext& context, const std::string& job) {
  SF_RETURN_IF_ERROR(CheckWritable());
  const Caller caller = CallerOf(*context.auth_context());
  if (!caller.has_certificate) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const std::string owner, engine_->OwnerOf(job));
  if (MayChangeJobOf(caller, owner)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrFormat(
      "job %s isn't one of yours, '%s'; ask the farm's operator to change it", job, caller.name));
}

grpc::Status JobsService::Submit(grpc::ServerContext* context, const v1::SubmitRequest* request,
                                 v1::SubmitReply* reply) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  if (absl::Status may = CheckWritable(); !may.ok()) return ToGrpc(may);
  const Caller caller = CallerOf(*context->auth_context());
  if (request->continue_existing() && caller.role == Role::kSubmit) {
    return ToGrpc(absl::PermissionDeniedError(
        "only an operator goes on with a job by its output; retry it by its id"));
  }
  const absl::StatusOr<JobSettings> settings = FromProto(request->settings());
  if (!settings.ok()) return ToGrpc(settings.status());
  if (absl::Status status = CheckPriority(request->priority()); !status.ok()) {
    return ToGrpc(status);
  }
  if (request->max_workers() < 0) {
    return ToGrpc(absl::InvalidArgumentError("--workers: a job needs at least one worker"));
  }
  const std::vector<std::string> tags = {request->tags().begin(), request->tags().end()};
  if (absl::Status status = CheckTags(tags); !status.ok()) return ToGrpc(status);
  const absl::StatusOr<SubmitResult> result =
      engine_->Submit({*settings, request->replace(), request->continue_existing(),
                       request->priority(), request->max_workers(), tags, caller.name,
                       request->no_space_check(), request->workers_to_come()});
  if (!result.ok()) return ToGrpc(result.status());
  reply->set_store_bytes(result->need.store);
  reply->set_output_bytes(
      std::accumulate(result->need.outputs.begin(), result->need.outputs.end(), int64_t{0}));
  reply->set_job(result->job);
  reply->set_already_done(result->already_done);
  return grpc::Status::OK;
}

grpc::Status JobsService::List(grpc::ServerContext*, const v1::ListRequest* request,
                               v1::ListReply* reply) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  const absl::StatusOr<std::vector<JobReport>> reports = engine_->List();
  if (!reports.ok()) return ToGrpc(reports.status());
  for (const JobReport& report : *reports) *reply->add_jobs() = ToProto(report);
  return grpc::Status::OK;
}

grpc::Status JobsService::GetStatus(grpc::ServerContext*, const v1::StatusRequest* request,
                                    v1::JobStatus* reply) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  const absl::StatusOr<JobReport> report = engine_->Report(request->job(), /*detail=*/true);
  if (!report.ok()) return ToGrpc(report.status());
  *reply = ToProto(*report);
  return grpc::Status::OK;
}

grpc::Status JobsService::Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                                grpc::ServerWriter<v1::JobStatus>* writer) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  uint64_t seen = 0;
  while (true) {
    seen = engine_->AwaitChange(seen, kWatchBeat);
    if (stopping_.HasBeenNotified()) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the coordinator is stopping");
    }
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    const absl::StatusOr<JobReport> report = engine_->Report(request->job(), /*detail=*/false);
    if (!report.ok()) return ToGrpc(report.status());
    if (!writer->Write(ToProto(*report))) return grpc::Status::CANCELLED;
    if (!IsUnfinished(report->job.state)) return grpc::Status::OK;
    stopping_.WaitForNotificationWithTimeout(kWatchPause);
  }
}

grpc::Status JobsService::Cancel(grpc::ServerContext* context, const v1::CancelRequest* request,
                                 v1::CancelReply*) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  if (absl::Status may = AdmitChange(*context, request->job()); !may.ok()) return ToGrpc(may);
  return ToGrpc(engine_->Cancel(request->job()));
}

grpc::Status JobsService::Retry(grpc::ServerContext* context, const v1::RetryRequest* request,
                                v1::RetryReply*) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  if (absl::Status may = AdmitChange(*context, request->job()); !may.ok()) return ToGrpc(may);
  return ToGrpc(engine_->Retry(request->job()));
}

grpc::Status JobsService::Pause(grpc::ServerContext* context, const v1::PauseRequest* request,
                                v1::PauseReply*) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  if (absl::Status may = AdmitChange(*context, request->job()); !may.ok()) return ToGrpc(may);
  return ToGrpc(engine_->Pause(request->job()));
}

grpc::Status JobsService::Resume(grpc::ServerContext* context, const v1::ResumeRequest* request,
                                 v1::ResumeReply*) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  if (absl::Status may = AdmitChange(*context, request->job()); !may.ok()) return ToGrpc(may);
  return ToGrpc(engine_->Resume(request->job()));
}

grpc::Status JobsService::SetPriority(grpc::ServerContext* context,
                                      const v1::PriorityRequest* request, v1::PriorityReply*) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  if (absl::Status may = AdmitChange(*context, request->job()); !may.ok()) return ToGrpc(may);
  if (absl::Status status = CheckPriority(request->priority()); !status.ok()) {
    return ToGrpc(status);
  }
  return ToGrpc(engine_->SetPriority(request->job(), request->priority()));
}

grpc::Status JobsService::Drain(grpc::ServerContext*, const v1::DrainRequest* request,
                                v1::DrainReply*) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  if (absl::Status may = CheckWritable(); !may.ok()) return ToGrpc(may);
  return ToGrpc(engine_->Drain(request->worker(), request->now()));
}

grpc::Status JobsService::ResumeWorker(grpc::ServerContext*, const v1::ResumeWorkerRequest* request,
                                       v1::ResumeWorkerReply*) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  if (absl::Status may = CheckWritable(); !may.ok()) return ToGrpc(may);
  return ToGrpc(engine_->ResumeWorker(request->worker()));
}

grpc::Status JobsService::ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest* request,
                                      v1::ListWorkersReply* reply) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  for (const WorkerReport& worker : engine_->Workers()) {
    v1::WorkerStatus* added = reply->add_workers();
    added->set_worker(worker.worker.id);
    added->set_name(worker.worker.name);
    added->set_device(worker.worker.device);
    added->set_state(worker.state);
    added->set_task(worker.task);
    added->set_job(worker.job);
    added->set_build(worker.worker.build);
    added->set_numeric_class(worker.worker.numeric_class);
    for (const std::string& tag : worker.worker.tags) added->add_tags(tag);
    added->set_reason(worker.worker.reason);
    added->set_memory_bytes(worker.worker.memory_bytes);
  }
  return grpc::Status::OK;
}

}  // namespace stereofarm
