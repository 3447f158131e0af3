#include "coordinator/cli/job_json.h"

#include <cmath>

#include "nlohmann/json.hpp"

namespace stereofarm {
namespace {

using Json = nlohmann::ordered_json;

// File names needn't be UTF-8; what isn't is replaced.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

double Rounded(double value) { return std::round(value * 1000) / 1000; }

std::string FirstOutput(const v1::JobStatus& status) {
  return status.settings().outputs().empty() ? "" : status.settings().outputs(0).file();
}

}  // namespace

std::string ProgressJson(const v1::JobStatus& status, const StageState& stage,
                         std::optional<double> seconds_left) {
  Json json;
  json["job"] = status.job();
  json["state"] = status.state();
  json["stage"] = stage.stage;
  json["done"] = stage.done;
  json["total"] = stage.total;
  json["fps"] = Rounded(stage.fps);
  json["seconds_left"] = seconds_left ? Json(Rounded(*seconds_left)) : Json();
  return Dump(json);
}

std::string OutcomeJson(const v1::JobStatus& status) {
  Json json;
  json["frames"] = status.frames();
  json["seconds"] = Rounded(status.seconds());
  json["tasks_run"] = status.tasks().run();
  json["tasks_reused"] = status.tasks().reused();
  json["output"] = FirstOutput(status);
  return Dump(json);
}

std::string SubmittedJson(const v1::SubmitReply& reply) {
  Json json;
  json["job"] = reply.job();
  json["already_done"] = reply.already_done();
  json["store_bytes"] = reply.store_bytes();
  json["output_bytes"] = reply.output_bytes();
  return Dump(json);
}

std::string StatusJson(const v1::JobStatus& status) {
  Json json;
  json["job"] = status.job();
  json["state"] = status.state();
  json["error"] = status.error();
  json["input"] = status.settings().input();
  json["outputs"] = Json::array();
  for (const v1::OutputSpec& output : status.settings().outputs()) {
    json["outputs"].push_back({{"layout", output.layout()}, {"file", output.file()}});
  }
  json["exports"] = Json::array();
  for (const v1::ExportSpec& each : status.settings().exports()) {
    json["exports"].push_back({{"format", each.format()}, {"folder", each.folder()}});
  }
  json["paused"] = status.paused();
  json["hold"] = status.hold();
  json["priority"] = status.priority();
  json["max_workers"] = status.max_workers();
  json["tags"] = Json::array();
  for (const std::string& tag : status.tags()) json["tags"].push_back(tag);
  json["frames"] = status.frames();
  json["seconds"] = Rounded(status.seconds());
  json["created"] = static_cast<double>(status.created_wall_micros()) / 1e6;
  json["stages"] = Json::array();
  for (const v1::StageProgress& stage : status.stages()) {
    json["stages"].push_back({{"stage", stage.stage()},
                              {"done", stage.frames_done()},
                              {"total", stage.frames_total()},
                              {"tasks_running", stage.tasks_running()}});
  }
  const v1::TaskCounts& tasks = status.tasks();
  json["tasks"] = {{"total", tasks.total()}, {"waiting", tasks.waiting()},
                   {"ready", tasks.ready()}, {"leased", tasks.leased()},
                   {"done", tasks.done()},   {"failed", tasks.failed()},
                   {"run", tasks.run()},     {"reused", tasks.reused()}};
  json["missing"] = Json::array();
  for (const v1::MissingRange& missing : status.missing()) {
    json["missing"].push_back({{"begin", missing.begin()},
                               {"end", missing.end()},
                               {"task", missing.task()},
                               {"error", missing.error()}});
  }
  json["shots"] = Json::array();
  json["cuts"] = Json::array();
  for (const v1::ShotStatus& shot : status.shots()) {
    json["shots"].push_back({{"begin", shot.begin()},
                             {"end", shot.end()},
                             {"reconciled", shot.reconciled()},
                             {"depth_low", shot.depth_low()},
                             {"depth_high", shot.depth_high()},
                             {"measured", shot.measured()}});
    if (!shot.has_cut()) continue;
    const v1::CutStatus& cut = shot.cut();
    json["cuts"].push_back(
        {{"frame", shot.begin()},
         {"jump_percent_of_width", cut.jump_percent_of_width()},
         {"uneased_jump_percent_of_width", cut.uneased_jump_percent_of_width()}});
  }
  json["seams"] = Json::array();
  for (const v1::SeamStatus& seam : status.seams()) {
    json["seams"].push_back({{"shot", seam.shot()},
                             {"frame", seam.frame()},
                             {"residual_percent_of_width", seam.residual_percent_of_width()}});
  }
  json["remarks"] = Json::array();
  for (const std::string& remark : status.remarks()) json["remarks"].push_back(remark);
  return Dump(json);
}

std::string WorkerJson(const v1::WorkerStatus& worker) {
  Json json;
  json["worker"] = worker.worker();
  json["name"] = worker.name();
  json["device"] = worker.device();
  json["state"] = worker.state();
  json["job"] = worker.job();
  json["task"] = worker.task();
  json["build"] = worker.build();
  json["numeric_class"] = worker.numeric_class();
  json["tags"] = Json::array();
  for (const std::string& tag : worker.tags()) json["tags"].push_back(tag);
  json["reason"] = worker.reason();
  json["memory_bytes"] = worker.memory_bytes();
  return Dump(json);
}

}  // namespace stereofarm
