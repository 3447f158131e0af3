#include "worker/agent/grpc_farm_files.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/hash.h"
#include "proto/files.grpc.pb.h"
#include "worker/agent/grpc_status.h"

namespace stereofarm {
namespace {

// A call moves at most some MiB; what has arrived by then counts, however slow the line is.
constexpr std::chrono::seconds kTimeout{20};
constexpr int64_t kWriteChunk = 256 << 10;

v1::FileKind KindOf(FarmFileKind kind) {
  switch (kind) {
    case FarmFileKind::kStore:
      return v1::FILE_KIND_STORE;
    case FarmFileKind::kFilm:
      return v1::FILE_KIND_FILM;
    case FarmFileKind::kModel:
      return v1::FILE_KIND_MODEL;
    case FarmFileKind::kDepthPicture:
      return v1::FILE_KIND_DEPTH_PICTURE;
  }
  return v1::FILE_KIND_UNSPECIFIED;
}

class GrpcFarmFiles : public FarmFiles {
 public:
  GrpcFarmFiles(std::shared_ptr<grpc::Channel> channel, std::string worker)
      : stub_(v1::Files::NewStub(std::move(channel))), worker_(std::move(worker)) {}

  absl::StatusOr<FarmFileFacts> Describe(const TaskLease& lease, const FarmFile& file) override {
    v1::DescribeRequest request;
    *request.mutable_file() = RefOf(lease, file);
    v1::DescribeReply reply;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kTimeout);
    SF_RETURN_IF_ERROR(FromGrpc(stub_->Describe(&context, request, &reply)));
    if (reply.size() < 0) return absl::InternalError("the coordinator describes no file");
    return FarmFileFacts{{reply.size(), reply.fingerprint()}, reply.path(), reply.sha256()};
  }

  absl::Status Read(const TaskLease& lease, const FarmFile& file, int64_t offset, int64_t length,
                    const Take& take) override {
    v1::ReadRequest request;
    *request.mutable_file() = RefOf(lease, file);
    request.set_offset(offset);
    request.set_length(length);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kTimeout);
    const auto stream = stub_->Read(&context, request);
    v1::ReadReply reply;
    absl::Status taken;
    while (taken.ok() && stream->Read(&reply)) {
      const std::string& data = reply.data();
      if (static_cast<int64_t>(data.size()) > length || Sha256Hex(data) != reply.sha256()) {
        taken = absl::UnavailableError("a part of a file was damaged on its way");
      } else {
        length -= static_cast<int64_t>(data.size());
        taken = take(data);
      }
    }
    if (!taken.ok()) context.TryCancel();
    const absl::Status ended = FromGrpc(stream->Finish());
    return taken.ok() ? ended : taken;
  }

  absl::StatusOr<ArrivedBytes> Arrived(const TaskLease& lease, const WrittenFile& file) override {
    v1::ArrivedRequest request;
    *request.mutable_file() = RefOf(lease, file);
    v1::ArrivedReply reply;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kTimeout);
    SF_RETURN_IF_ERROR(FromGrpc(stub_->Arrived(&context, request, &reply)));
    return ArrivedBytes{reply.size(), reply.complete()};
  }

  absl::StatusOr<ArrivedBytes> Write(const TaskLease& lease, const WrittenFile& file,
                                     int64_t offset, int64_t length, ByteSource* bytes) override {
    v1::ArrivedReply reply;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kTimeout);
    const auto stream = stub_->Write(&context, &reply);
    v1::WriteRequest message;
    *message.mutable_header()->mutable_file() = RefOf(lease, file);
    message.mutable_header()->set_offset(offset);
    message.mutable_header()->set_size(file.size);
    message.mutable_header()->set_sha256(file.sha256);
    bool open = stream->Write(message);
    absl::Status read;
    const int64_t end = offset + length;
    while (open && offset < end) {
      std::string* const data = message.mutable_data();
      data->resize(static_cast<size_t>(std::min(kWriteChunk, end - offset)));
      const absl::StatusOr<size_t> got = bytes->ReadAt(offset, data->data(), data->size());
      read = got.ok() && *got == 0
                 ? absl::InternalError(file.name + " became shorter while it was sent")
                 : got.status();
      if (!read.ok()) break;
      data->resize(*got);
      offset += static_cast<int64_t>(*got);
      open = stream->Write(message);
    }
    if (!read.ok()) context.TryCancel();
    stream->WritesDone();
    const absl::Status ended = FromGrpc(stream->Finish());
    SF_RETURN_IF_ERROR(read);
    SF_RETURN_IF_ERROR(ended);
    return ArrivedBytes{reply.size(), reply.complete()};
  }

 private:
  v1::AttemptId AttemptOf(const TaskLease& lease) const {
    v1::AttemptId proto;
    proto.set_worker(worker_);
    proto.set_job(lease.spec.job);
    proto.set_task(lease.spec.task);
    proto.set_epoch(lease.epoch);
    proto.set_lease_id(lease.lease_id);
    return proto;
  }
  v1::FileRef RefOf(const TaskLease& lease, const FarmFile& file) const {
    v1::FileRef proto;
    *proto.mutable_attempt() = AttemptOf(lease);
    proto.set_kind(KindOf(file.kind));
    proto.set_path(file.path);
    proto.set_frame(file.frame);
    return proto;
  }
  v1::WrittenFile RefOf(const TaskLease& lease, const WrittenFile& file) const {
    v1::WrittenFile proto;
    *proto.mutable_attempt() = AttemptOf(lease);
    proto.set_log(file.log);
    proto.set_name(file.name);
    return proto;
  }

  const std::unique_ptr<v1::Files::Stub> stub_;
  const std::string worker_;
};

}  // namespace

std::unique_ptr<FarmFiles> ConnectToFiles(const FarmPlace& farm, const std::string& worker) {
  grpc::ChannelArguments arguments;
  SetReconnect(&arguments);
  // Else both channels would share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return std::make_unique<GrpcFarmFiles>(OpenFarmChannel(farm, arguments), worker);
}

}  // namespace stereofarm
