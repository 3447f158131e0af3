#include "tests/unit/coordinator/guarded_server.h"

#include <fstream>

#include "common/base/file_system.h"
#include "common/base/log.h"
#include "coordinator/scheduling/legal_moves.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "proto/conversions.h"

namespace stereofarm {
namespace {

constexpr int kDays = 30;
constexpr std::chrono::seconds kPatience{20};

}  // namespace

GuardedServer::GuardedServer() : certificates_(root_ / "tls", &clock_, SystemRandom()) {
  SetMinimumLogLevel(LogLevel::kError);
  // Certificates are checked against the true time by the library.
  clock_.Advance(RealClock()->WallMicros() - clock_.WallMicros());
  SF_CHECK(MakeDirectories(root_ / "store").ok());
  SF_CHECK(MakeDirectories(root_ / "films").ok());
  SF_CHECK(WriteFileAtomically(root_ / "films" / "in.mov", "a film").ok());
  SF_CHECK(certificates_.Init({"farm.example"}, kDays).ok());
  for (const auto& [name, role] :
       {std::pair("ann", Role::kSubmit), std::pair("ben", Role::kSubmit),
        std::pair("olga", Role::kOperate), std::pair("node7", Role::kWork)}) {
    SF_CHECK(certificates_.Issue(name, role, kDays, FolderOf(name)).ok());
  }
  store_ = *FarmStore::Open(root_ / "farm.db");
  files_ = std::make_unique<StoreFiles>(root_ / "store");
  background_ = std::make_unique<BackgroundThreads>(2);
  EngineOptions options;
  options.store = root_ / "store";
  options.allowed = {root_ / "films"};
  engine_ = std::make_unique<JobEngine>(
      options, EngineParts{store_.get(), files_.get(), &films_, background_.get(), RealClock(),
                           SystemRandom()});
  SF_CHECK(engine_->Start().ok());
  audit_ = *AuditLog::Open(root_ / "audit.log", &clock_);
  auto server = FarmServer::Start(engine_.get(), *ParseListenAddress("127.0.0.1:0", false),
                                  {&certificates_, audit_.get()});
  SF_CHECK(server.ok());
  server_ = *std::move(server);
}

GuardedServer::~GuardedServer() {
  engine_->Stop();
  server_->Stop();
  background_.reset();
  server_.reset();
  engine_.reset();
  store_.reset();
}

Credentials GuardedServer::CredentialsOf(const std::string& name) const {
  const auto credentials = ReadCredentials(FolderOf(name), RealClock()->WallMicros());
  SF_CHECK(credentials.ok());
  return *credentials;
}

std::shared_ptr<grpc::Channel> GuardedServer::Connect(const Credentials& credentials) const {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = credentials.authority;
  tls.pem_cert_chain = credentials.own.certificate;
  tls.pem_private_key = credentials.own.key;
  std::shared_ptr<grpc::ChannelCredentials> door = grpc::SslCredentials(tls);
  if (!credentials.token.empty()) {
    door = grpc::CompositeChannelCredentials(door, grpc::AccessTokenCredentials(credentials.token));
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("dns:///" + address(), door, arguments);
}

JobSettings GuardedServer::Settings() const {
  JobSettings settings;
  settings.input = (root_ / "films" / "in.mov").string();
  settings.outputs = {{Layout::kSbs, (root_ / "films" / "out.mkv").string()}};
  return settings;
}

grpc::Status GuardedServer::Submit(const std::shared_ptr<grpc::Channel>& channel,
                                   const JobSettings& settings, std::string* job) const {
  v1::SubmitRequest request;
  *request.mutable_settings() = ToProto(settings);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::SubmitReply reply;
  const grpc::Status status = v1::Jobs::NewStub(channel)->Submit(&context, request, &reply);
  if (job != nullptr) *job = reply.job();
  return status;
}

grpc::Status GuardedServer::List(const std::shared_ptr<grpc::Channel>& channel) const {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::ListReply reply;
  return v1::Jobs::NewStub(channel)->List(&context, {}, &reply);
}

std::string GuardedServer::Everything() const {
  std::string all;
  const auto jobs = engine_->List();
  SF_CHECK(jobs.ok());
  for (const JobReport& report : *jobs) {
    const bool goes_on = IsUnfinished(report.job.state);  // as far as it comes by itself
    all += report.job.id + (goes_on ? " goes on " : " ended ") + report.job.owner + "\n";
  }
  for (const WorkerReport& worker : engine_->Workers()) all += worker.worker.id + "\n";
  return all;
}

std::vector<nlohmann::json> GuardedServer::AuditLines() const {
  std::vector<nlohmann::json> lines;
  std::ifstream file(root_ / "audit.log");
  for (std::string line; std::getline(file, line);) {
    lines.push_back(nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false));
    SF_CHECK(lines.back().is_object());
  }
  return lines;
}

}  // namespace stereofarm
