#include "tests/fuzz/targets.h"

#include <google/protobuf/message.h>

#include <memory>
#include <span>
#include <string>

#include "common/artifacts/manifest.h"
#include "common/base/duration.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/certs/certificate.h"
#include "common/farm/cut_features.h"
#include "common/farm/job_settings.h"
#include "common/farm/seam_samples.h"
#include "common/media/frame_index_io.h"
#include "coordinator/certs/issued_record.h"
#include "models/weights/checkpoint.h"
#include "models/weights/safetensors.h"
#include "proto/conversions.h"
#include "proto/farm.pb.h"
#include "proto/files.pb.h"
#include "proto/jobs.pb.h"
#include "proto/records.h"
#include "proto/request_limits.h"

namespace stereofarm {
namespace {

using google::protobuf::Message;

void Manifests(std::string_view bytes) {
  const auto manifest = ParseManifest(std::string(bytes));
  if (!manifest.ok()) return;
  for (const ManifestFile& file : manifest->files) SF_CHECK(IsPlainName(file.name));
  SF_CHECK(*ParseManifest(SerializeManifest(*manifest)) == *manifest);
}

void Settings(std::string_view bytes) {
  const auto settings = ParseSettings(std::string(bytes));
  if (!settings.ok() || !ValidateSettings(*settings).ok()) return;
  SF_CHECK(*ParseSettings(SerializeSettings(*settings)) == *settings);
}

void Specs(std::string_view bytes) {
  const auto spec = ParseSpec(std::string(bytes));
  if (!spec.ok()) return;
  SF_CHECK(spec->shard.full.Contains(spec->shard.core));
  SF_CHECK(ParseSpec(SerializeSpec(*spec)).ok());
}

// The first byte chooses the message; what passes the limits is converted as the services do.
template <typename... Requests>
void Request(std::string_view bytes, const auto& convert) {
  if (bytes.empty()) return;
  const size_t chosen = static_cast<unsigned char>(bytes[0]) % sizeof...(Requests);
  const std::string body(bytes.substr(1));
  size_t index = 0;
  const auto try_one = [&]<typename Message>(const Message*) {
    if (index++ != chosen) return;
    Message message;
    if (message.ParseFromString(body) && CheckRequest(message).ok()) convert(message);
  };
  (try_one(static_cast<const Requests*>(nullptr)), ...);
}

void FarmRequests(std::string_view bytes) {
  Request<v1::RegisterRequest, v1::LeaseRequest, v1::RenewRequest, v1::CompleteRequest,
          v1::FailRequest, v1::HandBackRequest, v1::LeaveRequest, v1::DescribeRequest,
          v1::ReadRequest, v1::ArrivedRequest, v1::WriteRequest>(bytes, [](const auto& request) {
    if constexpr (requires { request.manifest(); }) {
      const auto manifest = FromProto(request.manifest());
      if (manifest.ok()) {
        for (const ManifestFile& file : manifest->files) SF_CHECK(IsPlainName(file.name));
      }
    }
    if constexpr (requires { request.attempt(); }) {
      SF_CHECK(request.attempt().job().find("..") == std::string::npos);
      SF_CHECK(request.attempt().epoch() >= 0);
    }
  });
}

void JobsRequests(std::string_view bytes) {
  Request<v1::SubmitRequest, v1::StatusRequest, v1::WatchRequest, v1::CancelRequest,
          v1::RetryRequest, v1::PauseRequest, v1::ResumeRequest, v1::PriorityRequest,
          v1::DrainRequest, v1::ResumeWorkerRequest>(bytes, [](const auto& request) {
    if constexpr (requires { request.settings(); }) {
      const auto settings = FromProto(request.settings());
      if (settings.ok()) ValidateSettings(*settings).IgnoreError();
    }
  });
}

void FrameIndexes(std::string_view bytes) {
  ParseFrameIndex(bytes).status().IgnoreError();
  // With the hash that it would need.
  ParseFrameIndex(std::string(bytes) + Sha256Hex(bytes)).status().IgnoreError();
}

void ScanFeatures(std::string_view bytes) { DecodeCutFeatures(bytes).status().IgnoreError(); }

void SeamSampleFiles(std::string_view bytes) { DecodeShardSamples(bytes).status().IgnoreError(); }

void Certificates(std::string_view bytes) {
  const std::string text(bytes);
  ReadCertificate(text).status().IgnoreError();
  CheckKeyFits({text, text}).IgnoreError();
  CheckSignedBy(text, text).IgnoreError();
  const auto record = ParseIssued(text);
  if (record.ok()) SF_CHECK(*ParseIssued(SerializeIssued(*record)) == *record);
}

void Options(std::string_view bytes) {
  const std::string text(bytes);
  const auto rig = ParseRig(text);
  if (rig.ok()) SF_CHECK(ParseRig(RigText(*rig)).ok());
  const auto range = ParseRange(text);
  if (range.ok()) SF_CHECK(range->begin >= 0 && range->end > range->begin);
  ParseDuration(text).status().IgnoreError();
  ParseLayout(text).status().IgnoreError();
}

// Every element that a tensor's shape and strides reach lies in its data, and its data in the file.
void CheckTensors(const absl::StatusOr<StoredTensors>& stored, std::span<const std::byte> file) {
  if (!stored.ok()) return;
  for (const auto& [name, tensor] : stored->tensors) {
    const auto count = CountElements(tensor.shape, tensor.type);
    SF_CHECK(count && tensor.strides.size() == tensor.shape.size());
    int64_t reach = *count == 0 ? 0 : 1;
    for (size_t i = 0; i < tensor.shape.size() && *count > 0; ++i) {
      SF_CHECK(tensor.strides[i] >= 0);
      reach += (tensor.shape[i] - 1) * tensor.strides[i];
    }
    SF_CHECK(static_cast<int64_t>(tensor.data.size()) == reach * ElementBytes(tensor.type));
    SF_CHECK(tensor.data.empty() ||
             (tensor.data.data() >= file.data() &&
              tensor.data.data() + tensor.data.size() <= file.data() + file.size()));
  }
}

void SafetensorsFiles(std::string_view bytes) {
  const auto file = std::as_bytes(std::span(bytes.data(), bytes.size()));
  CheckTensors(ReadSafetensors(file), file);
}

void Checkpoints(std::string_view bytes) {
  const auto file = std::as_bytes(std::span(bytes.data(), bytes.size()));
  CheckTensors(ReadCheckpoint(file), file);
}

}  // namespace

const std::vector<FuzzTarget>& FuzzTargets() {
  static const std::vector<FuzzTarget> targets = {
      {"manifest", Manifests},
      {"settings", Settings},
      {"spec", Specs},
      {"farm_request", FarmRequests},
      {"jobs_request", JobsRequests},
      {"frame_index", FrameIndexes},
      {"scan_features", ScanFeatures},
      {"seam_samples", SeamSampleFiles},
      {"certificate", Certificates},
      {"options", Options},
      {"safetensors", SafetensorsFiles},
      {"checkpoint", Checkpoints},
  };
  return targets;
}

}  // namespace stereofarm
