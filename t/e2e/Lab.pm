# A private mail system for one test: Redis, posternd, Postfix or Sendmail, all on
# loopback below one temporary directory, all ended by pid when the test ends.
package Lab;

use strict;
use warnings;
use Carp;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(:sys_wait_h setsid);
use Test::More;
use Time::HiRes qw(time sleep);

our $SRC   = $ENV{srcdir}   || abs_path(dirname(__FILE__) . '/../..');
our $BUILD = $ENV{builddir} || "$SRC/build";
my @labs;

sub new {
	my ($class, %o) = @_;
	my $dir = tempdir('postern-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	chmod 0755, $dir;
	make_path("$dir/run", "$dir/state", "$dir/rules");
	# Sendmail takes no socket from a directory others may write to.
	chown scalar(getpwnam 'nobody'), -1, "$dir/run", "$dir/state" if $> == 0;
	my $self = bless { dir => $dir, pids => {}, mtas => [],
		build => $o{build} || $BUILD, owner => $$ }, $class;
	push @labs, $self;
	return $self;
}

sub dir { $_[0]{dir} }

# Waits until the condition holds; dies with `what` after `seconds`.
sub wait_for {
	my ($self, $what, $seconds, $condition) = @_;
	my $end = time + $seconds;
	while (time < $end) {
		my $value = $condition->();
		return $value if $value;
		sleep 0.02;
	}
	croak "timed out: $what";
}

sub free_port {
	my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0)
		or die "no free port: $!";
	return $s->sockport;
}

# A child process whose output goes to DIR/NAME.log.
sub spawn {
	my ($self, $name, @command) = @_;
	my $log = "$self->{dir}/$name.log";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		setsid();
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $log or die;
		open STDERR, '>&', \*STDOUT;
		exec @command or POSIX::_exit(127);
	}
	$self->{pids}{$name} = $pid;
	return $pid;
}

sub pid { $_[0]{pids}{$_[1]} }

sub stop {
	my ($self, $name, $signal, $seconds) = @_;
	my $pid = delete $self->{pids}{$name} or return;
	kill $signal || 'TERM', $pid;
	my $end = time + ($seconds || 10);
	while (time < $end) {
		return $? if waitpid($pid, WNOHANG) == $pid;
		sleep 0.02;
	}
	kill 'KILL', $pid;
	waitpid($pid, 0);
	return -1;
}

sub alive {
	my ($self, $name) = @_;
	my $pid = $self->{pids}{$name} or return 0;
	return waitpid($pid, WNOHANG) == 0;
}

sub slurp {
	my ($self, $path) = @_;
	open my $f, '<:raw', $path or return '';
	local $/;
	return scalar <$f>;
}

sub write_file {
	my ($self, $path, $text) = @_;
	open my $f, '>:raw', $path or croak "$path: $!";
	print $f $text;
	close $f or croak "$path: $!";
	return $path;
}

sub has_command {
	my ($name) = @_;
	return grep { -x "$_/$name" } split /:/, $ENV{PATH} . ":/usr/sbin:/sbin";
}

# ---- Redis ---------------------------------------------------------------------

sub start_redis {
	my ($self, %o) = @_;
	my $name = $o{name} || 'redis';
	my $sock = "$self->{dir}/$name.sock";
	make_path("$self->{dir}/$name");
	$self->spawn($name, 'redis-server', '--port', 0, '--unixsocket', $sock,
		'--unixsocketperm', 777, '--dir', "$self->{dir}/$name", '--save', '',
		'--daemonize', 'no', @{ $o{options} || [] });
	$self->wait_for("redis at $sock", 10, sub { ($self->redis_cli($name, 'PING') // '') =~ /PONG/ });
	return "unix:$sock";
}

sub redis_cli {
	my ($self, $name, @command) = @_;
	open my $p, '-|', 'sh', '-c', 'exec redis-cli -s "$0" "$@" 2>/dev/null',
		"$self->{dir}/$name.sock", @command or return undef;
	local $/;
	my $out = <$p>;
	close $p;
	$out =~ s/\n\z// if defined $out;
	return $out;
}

# ---- posternd --------------------------------------------------------------------

sub listen_spec { "unix:$_[0]{dir}/run/milter.sock" }

# settings => {key => value}; rules default to the shipped ones.
sub start_posternd {
	my ($self, %settings) = @_;
	my $dir = $self->{dir};
	my %conf = (
		listen      => $self->listen_spec,
		listen_mode => '0666',
		control     => "$dir/run/control.sock",
		user        => 'nobody',
		log         => "$dir/run/posternd.log",
		state_dir   => "$dir/state",
		rules       => "$SRC/rules",
		redis       => 'none',
		%settings,
	);
	$self->write_file("$dir/postern.conf", join '', map { "$_ = $conf{$_}\n" } sort keys %conf);
	$self->spawn('posternd', "$self->{build}/posternd", '-c', "$dir/postern.conf");
	$self->wait_for('posternd ready: ' . $self->slurp("$dir/posternd.log"), 60, sub {
		croak 'posternd ended: ' . $self->slurp("$dir/posternd.log") . $self->log unless $self->alive('posternd');
		$self->log =~ /ready version=/;
	});
	return $self;
}

sub log { my $self = shift; return $self->slurp("$self->{dir}/run/posternd.log") }

# Runs the admin tool; returns (exit code, output).
sub postern {
	my ($self, @args) = @_;
	my ($command, @rest) = @args;
	open my $p, '-|', 'sh', '-c', 'exec "$0" "$@" 2>&1', "$self->{build}/postern", $command,
		'-c', "$self->{dir}/postern.conf", @rest or die;
	local $/;
	my $out = <$p> // '';
	close $p;
	return ($? >> 8, $out);
}

# ---- MTAs ------------------------------------------------------------------------

# Returns the port, or undef when this machine cannot run one (test skips).
sub start_mta {
	my ($self, $kind, %o) = @_;
	return undef if $> != 0;
	my $binary = $kind eq 'postfix' ? 'lib/postfix/sbin/master' : 'libexec/sendmail/sendmail';
	return undef unless -x "$BUILD/mta/usr/$binary";
	my $port = free_port();
	my $dir = "$self->{dir}/$kind";
	my $milter = $o{milter} || $self->listen_spec;
	my @options = map { ('-o', $_) } @{ $o{options} || [] };
	my $rc = system 'sh', '-c', 'log=$1; shift; exec "$@" >>"$log" 2>&1', 'sh', "$self->{dir}/mta.log",
		"$SRC/scripts/private-mta", 'start', $kind, '-d', $dir, '-p', $port,
		'-m', $milter, '-P', "$BUILD/mta", @options;
	if ($rc != 0) {
		croak "$kind did not start: " . $self->slurp("$self->{dir}/mta.log");
	}
	push @{ $self->{mtas} }, [$kind, $dir];
	return $port;
}

# Texts of delivered mail, oldest first.
sub delivered {
	my ($self, $kind) = @_;
	my @files = grep { -f } glob("$self->{dir}/$kind/mail/* $self->{dir}/$kind/mail/*/new/* $self->{dir}/$kind/mail/new/*");
	return map { $self->slurp($_) } sort { (stat $a)[9] <=> (stat $b)[9] } @files;
}

sub clear_delivered {
	my ($self, $kind) = @_;
	unlink grep { -f } glob("$self->{dir}/$kind/mail/* $self->{dir}/$kind/mail/*/new/* $self->{dir}/$kind/mail/new/*");
}

sub queued {
	my ($self, $kind, @postfix_queues) = @_;
	my $queue = "$self->{dir}/$kind/queue";
	return scalar(grep { -f } map { glob "$queue/$_/* $queue/$_/?/*" } @postfix_queues);
}

# Messages still to be delivered, and messages held by a verdict.
sub waiting {
	my ($self, $kind) = @_;
	return scalar(my @q = glob "$self->{dir}/$kind/queue/[dq]f*") - $self->held($kind) if $kind eq 'sendmail';
	return $self->queued($kind, qw(maildrop incoming active deferred));
}

sub held {
	my ($self, $kind) = @_;
	return scalar(my @q = glob "$self->{dir}/$kind/queue/hf*") if $kind eq 'sendmail';
	return $self->queued($kind, 'hold');
}

sub end_all {
	my ($self) = @_;
	return if $self->{owner} != $$;
	for my $mta (@{ $self->{mtas} }) {
		system "$SRC/scripts/private-mta", 'stop', $mta->[0], '-d', $mta->[1];
	}
	$self->{mtas} = [];
	$self->stop($_) for keys %{ $self->{pids} };
}

# What the servers said last, where a test went wrong.
sub show_logs {
	my ($self) = @_;
	return if $self->{owner} != $$;
	for my $log (grep { -f } glob "$self->{dir}/*.log $self->{dir}/run/*.log $self->{dir}/{postfix,sendmail}/{log,start.log}") {
		my @lines = split /\n/, $self->slurp($log);
		splice @lines, 0, @lines - 30 if @lines > 30;
		diag join "\n  ", $log, @lines if @lines;
	}
}

END {
	my $rc = $?;
	my $good = $rc == 0 && Test::More->builder->is_passing;
	for my $lab (@labs) {
		$lab->show_logs unless $good;
		$lab->end_all;
	}
	$? = $rc;
}

# ---- an SMTP client that shows exactly what it is told ------------------------------

package Lab::SMTP;

use IO::Socket::INET;

sub new {
	my ($class, $port, %o) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 30,
		($o{from} ? (LocalAddr => $o{from}) : ())) or die "connect: $!";
	my $self = bless { s => $s, transcript => '' }, $class;
	$self->{banner} = $self->reply;
	return $self;
}

# One reply, continuation lines joined by "\n".
sub reply {
	my ($self) = @_;
	my $text = '';
	my $s = $self->{s};
	local $SIG{ALRM} = sub { die "no SMTP reply in 120 s to:\n$self->{transcript}" };
	alarm 120;
	while (defined(my $line = <$s>)) {
		$line =~ s/\r?\n\z//;
		$self->{transcript} .= "S: $line\n";
		$text .= ($text eq '' ? '' : "\n") . $line;
		last if $line =~ /^\d{3}(?: |$)/;
	}
	alarm 0;
	return $text;
}

sub send {
	my ($self, @lines) = @_;
	$self->{transcript} .= "C: $_\n" for @lines;
	print { $self->{s} } map { "$_\r\n" } @lines;
}

sub cmd {
	my ($self, $line) = @_;
	$self->send($line);
	return $self->reply;
}

# The whole of DATA; returns the reply to the final dot (or to DATA).
sub data {
	my ($self, $message) = @_;
	my $r = $self->cmd('DATA');
	return $r if $r !~ /^354/;
	$message =~ s/\r?\n/\r\n/g;
	$message =~ s/^\./../mg;
	$message .= "\r\n" unless $message =~ /\r\n\z/;
	print { $self->{s} } $message, ".\r\n";
	$self->{transcript} .= "C: (message)\nC: .\n";
	return $self->reply;
}

# MAIL, RCPT..., DATA in one; returns the last reply.
sub deliver {
	my ($self, $from, $to, $message) = @_;
	my $r = $self->cmd("MAIL FROM:<$from>");
	return $r if $r !~ /^2/;
	my $good = 0;
	for my $rcpt (ref $to ? @$to : $to) {
		$r = $self->cmd("RCPT TO:<$rcpt>");
		$good++ if $r =~ /^2/;
	}
	return $r unless $good;
	return $self->data($message);
}

sub quit { my $self = shift; my $r = $self->cmd('QUIT'); close $self->{s}; return $r }

1;
