// Writes a small sound input of every kind to FOLDER/<target>/, for the fuzzer to begin with.
#include <cstdio>
#include <string>

#include "common/base/file_system.h"
#include "common/certs/certificate.h"
#include "common/farm/cut_features.h"
#include "common/farm/seam_samples.h"
#include "common/media/frame_index_io.h"
#include "coordinator/certs/issued_record.h"
#include "proto/conversions.h"
#include "proto/farm.pb.h"
#include "proto/jobs.pb.h"
#include "proto/records.h"
#include "tests/unit/models/weights/made_checkpoint.h"
#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {
namespace {

void Put(const std::filesystem::path& folder, const std::string& target, const std::string& name,
         const std::string& bytes) {
  absl::Status status = MakeDirectories(folder / target);
  if (status.ok()) status = WriteFileAtomically(folder / target / name, bytes);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
}

JobSettings Settings() {
  JobSettings settings;
  settings.input = "/films/in.mov";
  settings.outputs = {{Layout::kSbs, "/films/out.mkv"}, {Layout::kAnaglyph, "/films/red.mp4"}};
  settings.depth = "exr:/films/depth";
  settings.rig = Rig{693.33, 0.15, 9};
  settings.encoder_options = {{"level", "3"}};
  settings.range = FrameRange{5, 50};
  return settings;
}

Manifest SomeManifest() {
  Manifest manifest;
  manifest.job = "a1b2c3d4";
  manifest.task = "depth/000000-000024";
  manifest.epoch = 3;
  manifest.lease_id = "9f8e7d6c";
  manifest.stage_key = std::string(64, 'c');
  manifest.numeric_class = "cpu";
  manifest.build = "0.1.0";
  manifest.model = "parallax/1";
  manifest.frames = 24;
  manifest.files = {{"depth.000000.exr", 12, std::string(64, 'a')}};
  return manifest;
}

TaskSpec SomeSpec() {
  TaskSpec spec;
  spec.job = "a1b2c3d4";
  spec.task = "encode/000024-000048";
  spec.kind = TaskKind::kEncode;
  spec.shard = {{24, 48}, {18, 54}, {0, 96}};
  spec.settings = Settings();
  spec.index_file = "jobs/a1b2c3d4/index.pb";
  spec.depth = {{{{0, 24}, {0, 30}, {0, 96}}, "depth/000000-000024", "jobs/j1/d", 1.5, -0.25}};
  return spec;
}

template <typename Request>
std::string Numbered(int number, const Request& request) {
  return static_cast<char>(number) + request.SerializeAsString();
}

void MakeCorpus(const std::filesystem::path& folder) {
  Put(folder, "manifest", "whole", SerializeManifest(SomeManifest()));
  Put(folder, "settings", "whole", SerializeSettings(Settings()));
  Put(folder, "settings", "plain", SerializeSettings(JobSettings()));
  Put(folder, "spec", "whole", SerializeSpec(SomeSpec()));

  v1::RegisterRequest registration;
  registration.set_worker("0a1b2c3d4e5f6071");
  registration.set_name("host:1");
  registration.set_device("cpu");
  registration.set_numeric_class("cpu");
  registration.add_tags("big");
  Put(folder, "farm_request", "register", Numbered(0, registration));
  v1::CompleteRequest complete;
  complete.mutable_attempt()->set_worker("0a1b2c3d4e5f6071");
  complete.mutable_attempt()->set_job("a1b2c3d4");
  complete.mutable_attempt()->set_task("depth/000000-000024");
  complete.mutable_attempt()->set_epoch(3);
  *complete.mutable_manifest() = ToProto(SomeManifest());
  complete.set_seconds(2.5);
  Put(folder, "farm_request", "complete", Numbered(3, complete));
  v1::SubmitRequest submit;
  *submit.mutable_settings() = ToProto(Settings());
  Put(folder, "jobs_request", "submit", Numbered(0, submit));
  v1::CancelRequest cancel;
  cancel.set_job("a1b2c3d4");
  Put(folder, "jobs_request", "cancel", Numbered(3, cancel));

  FrameIndex index;
  index.frames.resize(3);
  const std::string bytes = SerializeFrameIndex(index);
  Put(folder, "frame_index", "whole", bytes);
  Put(folder, "frame_index", "without-hash", bytes.substr(0, bytes.size() - 64));
  Put(folder, "scan_features", "two-frames", EncodeCutFeatures(std::vector<CutFeatures>(2)));
  Put(folder, "seam_samples", "plain", EncodeShardSamples(ShardSamples()));

  const Validity validity{1'700'000'000'000'000, 1'800'000'000'000'000};
  const auto authority = MakeAuthority(validity);
  if (authority.ok()) {
    Put(folder, "certificate", "authority", authority->certificate);
  }
  Put(folder, "certificate", "record",
      SerializeIssued({"ann", Role::kSubmit, std::string(64, 'b'), 5'000'000, 9'000'000, false}));
  Put(folder, "options", "rig", "fx=700,baseline=0.1,convergence=3");
  Put(folder, "options", "range", "20:50");
  Put(folder, "options", "time", "10m");

  Put(folder, "safetensors", "two-tensors",
      MadeSafetensors(R"({"__metadata__":{"format":"pt"},)"
                      R"("a":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},)"
                      R"("b":{"dtype":"U8","shape":[3,0],"data_offsets":[4,4]}})",
                      "abcd"));
  const std::string object = PickledDict(
      {{"module.a", PickledFloats("7", {2, 1})}, {"module.b", PickledFloats("8", {1})}});
  const std::vector<std::pair<std::string, std::string>> storages = {{"7", "abcdefgh"},
                                                                     {"8", "1234"}};
  Put(folder, "checkpoint", "zip", MadeCheckpoint(object, storages));
  Put(folder, "checkpoint", "zip64", MadeZip({{"m/data.pkl", Pickled("}")}}, {.zip64 = true}));
  Put(folder, "checkpoint", "legacy", MadeLegacyCheckpoint(object, storages));
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_make_corpus FOLDER\n");
    return 2;
  }
  stereofarm::MakeCorpus(argv[1]);
  return 0;
}
