#!/usr/bin/perl
# posternd as a process: how it starts and does not, what a second one meets,
# its sockets' modes, signals, log rotation, and running out of descriptors.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Lab;
use MilterClient;
use POSIX ();
use Scenario;
use Test::More;
use Time::HiRes qw(time sleep);

plan skip_all => 'needs root to become another user' if $> != 0;
my $lab = Lab->new;
my ($dir, $posternd) = ($lab->dir, "$lab->{build}/posternd");
my $rules = Scenario::write_rules($lab);
my $sock = "$dir/run/milter.sock";
my %base = (listen => "unix:$sock", control => "$dir/run/control.sock", user => 'nobody',
	log => "$dir/run/posternd.log", state_dir => "$dir/state", rules => $rules, redis => 'none');

# Writes a configuration; undef leaves a setting out.
sub conf {
	my ($name, %change) = @_;
	my %conf = (%base, %change);
	return $lab->write_file("$dir/$name.conf",
		join '', map { defined $conf{$_} ? "$_ = $conf{$_}\n" : () } sort keys %conf);
}

# Runs posternd until it ends or is in the background: exit code, its output.
sub run {
	my (@words) = @_;
	my $out = "$dir/out";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		POSIX::setsid();
		open STDOUT, '>', $out or die;
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		exec $posternd, @words or POSIX::_exit(127);
	}
	my $end = time + 40;
	while (waitpid($pid, POSIX::WNOHANG()) != $pid) {
		if (time > $end) { kill 'KILL', $pid; waitpid $pid, 0; return (-1, $lab->slurp($out)) }
		sleep 0.02;
	}
	return ($? >> 8, $lab->slurp($out));
}

sub verdict {
	my ($path) = @_;
	my $m = eval { MilterClient->new($path) } or return "no connection: $@";
	my $r = $m->message(text => $Scenario::TEXT{spam});
	$m->quit;
	return $r->{reply} || $r->{action};
}

sub holder { return (split /\s+/, $lab->slurp("$_[0].lock"))[0] }
# What ended and waits to be reaped is not alive.
sub is_alive { return $lab->slurp("/proc/$_[0]/stat") =~ /\) [^ZX]/ }
sub end { my ($pid, $signal) = @_; kill $signal || 'TERM', $pid; $lab->wait_for("$pid to end", 20, sub { !is_alive($pid) }) }
sub count { my ($text, $what) = @_; return scalar(() = $text =~ /$what/g) }

# ---- what does not start says why, in a line, on the terminal ---------------------
my $bad_rules = "$dir/bad";
mkdir $bad_rules;
$lab->write_file("$bad_rules/x.cf", "body X /(/\nbody Y /a/\nscore Y nonsense\n");
$lab->write_file("$dir/run/plain", 'not a socket');
my $taken = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die;
my $closed = "$dir/closed";
mkdir $closed, 0700;
for my $case (
	[ 'no such file', sub { "$dir/none.conf" }, qr/none\.conf: error: .*No such file/ ],
	[ 'an unknown setting', sub { conf('x', reject_scor => 5) }, qr/x\.conf:\d+:\d*:? ?error: unknown setting "reject_scor"/ ],
	[ 'no number', sub { conf('x', reject_score => 'ten') }, qr/x\.conf:\d+.*reject_score wants a number, not "ten"/ ],
	[ 'broken rules', sub { conf('x', rules => $bad_rules) }, qr/x\.cf:1:\d+: error.*x\.cf:3:\d+: error/s ],
	[ 'no such user', sub { conf('x', user => 'nobody-at-all') }, qr/user "nobody-at-all" does not exist: create it/ ],
	[ 'root', sub { conf('x', user => 'root') }, qr/`user = root` is root/ ],
	[ 'no absolute socket', sub { conf('x', listen => 'unix:milter.sock') }, qr/listen = unix:milter\.sock: .*absolute path/ ],
	[ 'no such scheme', sub { conf('x', listen => 'tcp:1@127.0.0.1') }, qr/listen = tcp.*expected unix/ ],
	[ 'a port beyond all', sub { conf('x', listen => 'inet:99999@127.0.0.1') }, qr/port must be a number from 1 to 65535/ ],
	[ 'a taken port', sub { conf('x', listen => 'inet:' . $taken->sockport . '@127.0.0.1') }, qr/cannot listen on inet:\d+\@127\.0\.0\.1.*in use/ ],
	[ 'a path of 107 bytes', sub { conf('x', listen => "unix:$dir/" . 'x' x (106 - length $dir)) }, qr/longer than 106 bytes/ ],
	[ 'a directory nobody may write to', sub { conf('x', listen => "unix:$closed/m.sock") }, qr/closed.*Permission denied/ ],
	[ 'a file in the way', sub { conf('x', listen => "unix:$dir/run/plain") }, qr/cannot (?:listen on|lock) .*plain/ ],
	[ 'no such group', sub { conf('x', listen_group => 'nobody-at-all') }, qr/nobody-at-all: no such group/ ],
	[ 'no mode', sub { conf('x', listen_mode => '0999') }, qr/listen_mode.*0999.*octal/ ],
	[ 'a log that cannot be', sub { conf('x', log => "$dir/none/log") }, qr/cannot open log .*No such file/ ],
	[ 'a state directory of others', sub { conf('x', state_dir => $closed) }, qr/closed.*Permission denied/ ],
	[ 'no Redis URL', sub { conf('x', redis => 'http://x') }, qr/redis/ ],
) {
	my ($name, $make, $want) = @$case;
	for my $options ([], ['-b']) {
		my ($code, $out) = run(@$options, '-c', $make->());
		my $how = @$options ? "$name, -b" : $name;
		is $code, 1, "$how: exit code" or diag $out;
		like $out, $want, "$how: told on the terminal";
	}
	ok !-e "$dir/run/milter.sock", "$name: leaves no socket" ;
	unlink "$dir/run/milter.sock";
}
is $lab->slurp("$dir/run/plain"), 'not a socket', 'a file in the way is left alone';
for my $words (['-Z'], ['--config'], ['extra']) {
	my ($code, $out) = run(@$words);
	is $code, 2, "@$words: exit code";
	cmp_ok count($out, "\n"), '<=', 2, "@$words: no more than it takes";
}
is +(run('--help'))[0], 0, '--help';

# ---- -t looks with the daemon's eyes -----------------------------------------------
my ($code, $out) = run('-t', '-c', conf('t'));
is $code, 0, 'a good set passes -t' or diag $out;
like $out, qr/are good/, 'and is told to be';
chmod 0600, "$rules/test.cf";
($code, $out) = run('-t', '-c', conf('t'));
is $code, 1, 'rules only root may read do not';
like $out, qr/test\.cf.*Permission denied/, 'told by name';
chmod 0644, "$rules/test.cf";
chmod 0600, conf('t');
($code, $out) = run('-t', '-c', "$dir/t.conf");
like $out, qr/t\.conf: warning: .*nobody.*reload/, 'a configuration only root may read: no reload could';

# ---- in the background ---------------------------------------------------------------
# A relative path must still be found at the reload.
chdir $dir or die;
conf('bg', listen_mode => '0640', listen_group => 'mail');
($code, $out) = run('-b', '-c', 'bg.conf');
is $code, 0, '-b: ready when the command returns' or diag $out;
my $pid = holder("$dir/run/control.sock");
like verdict($sock), $Scenario::REFUSED{spam}, 'and serving';
my @stat = stat $sock;
is sprintf('%o', $stat[2] & 07777), '640', 'mode of the socket';
is $stat[4], scalar(getpwnam 'nobody'), 'its owner';
is $stat[5], scalar(getgrnam 'mail'), 'its group';
is sprintf('%o', (stat "$dir/run/control.sock")[2] & 07777), '600', 'the control socket is its user\'s alone';
my ($uids) = $lab->slurp("/proc/$pid/status") =~ /^Uid:\s+(.*)/m;
is join(' ', split /\s+/, $uids), join(' ', (scalar getpwnam 'nobody') x 4), 'nothing of root is left';
is readlink("/proc/$pid/fd/2"), '/dev/null', 'the terminal is let go';
my @cache = stat "$dir/state/cache";
is sprintf('%o', ($cache[2] // 0) & 07777), '700', 'the cache has a directory of its own';
cmp_ok scalar(() = glob "$dir/state/cache/*.probe"), '>', 0, 'and is in use';
chdir '/';
kill 'HUP', $pid;
$lab->wait_for('the reload', 20, sub { $lab->log =~ /reload result=/ });
like $lab->log, qr/reload result=new-set-in-force/, 'a relative configuration is found from elsewhere';

# ---- a second one ------------------------------------------------------------------------
($code, $out) = run('-b', '-c', "$dir/bg.conf");
is $code, 1, 'a second instance ends';
like $out, qr/another posternd \(pid $pid\)/, 'and names the first';
($code, $out) = run('-b', '-c', conf('other', control => "$dir/run/other.sock", state_dir => "$dir/run"));
is $code, 1, 'one with the same listen socket only';
like $out, qr/another posternd \(pid $pid\) .*milter\.sock/, 'names it too';
like verdict($sock), $Scenario::REFUSED{spam}, 'the first is served as before';

# ---- what a reload cannot change -----------------------------------------------------------
conf('bg', listen_mode => '0640', listen_group => 'mail', redis_prefix => 'other:', listen => 'unix:/elsewhere');
($code, $out) = $lab->postern('reload', '-c', "$dir/bg.conf");
is $code, 0, 'reload with settings of the start changed' or diag $out;
like $out, qr/bg\.conf:\d+.*warning: listen .*next start/, 'listen: told to wait for the next start';
like $out, qr/redis_prefix .*next start/, 'redis_prefix too';
unlike $out, qr/control .*next start/, 'others not';
conf('bg', listen_mode => '0640', listen_group => 'mail');

# ---- signals -----------------------------------------------------------------------------------
my $good = 0;
for (1 .. 50) {
	kill 'HUP', $pid for 1 .. 10;
	$good += verdict($sock) =~ $Scenario::REFUSED{spam};
}
is $good, 50, '500 SIGHUPs, and every message has its verdict';
ok is_alive($pid), 'the daemon lives' or diag substr $lab->log, -2000;
rename "$dir/run/posternd.log", "$dir/run/posternd.log.1";
kill 'HUP', $pid;
$lab->wait_for('a new log', 20, sub { -e "$dir/run/posternd.log" });
verdict($sock);
$lab->wait_for('a line in it', 10, sub { $lab->log =~ / message / });
pass 'SIGHUP follows a rotated log';
is +(stat "$dir/run/posternd.log.1")[4], scalar(getpwnam 'nobody'), 'the log belongs to the daemon\'s user, who must reopen it';
chmod 0555, "$dir/run"; chown 0, -1, "$dir/run";
rename "$dir/run/posternd.log", "$dir/run/posternd.log.2";
kill 'HUP', $pid;
$lab->wait_for('a word about it', 10, sub { $lab->slurp("$dir/run/posternd.log.2") =~ /cannot open the log .*Permission denied/ });
pass 'a log that cannot be opened anew: the old one tells';
chmod 0755, "$dir/run"; chown scalar(getpwnam 'nobody'), -1, "$dir/run";

# ---- killed: the next one takes over ---------------------------------------------------------------
end($pid, 'KILL');
ok -S $sock, 'killed, it leaves its sockets';
($code, $out) = run('-b', '-c', "$dir/bg.conf");
is $code, 0, 'the next one does not mind' or diag $out;
$pid = holder("$dir/run/control.sock");
like verdict($sock), $Scenario::REFUSED{spam}, 'and serves';

# A client that goes away before it is taken must not hold up the control thread.
for (1 .. 20) { my $c = IO::Socket::UNIX->new(Peer => "$dir/run/control.sock"); close $c if $c }
is +($lab->postern('status', '-c', "$dir/bg.conf"))[0], 0, 'status after clients that hung up';

# As many clients as are served at once: the next one waits, and is not sent away.
my @held = map { IO::Socket::UNIX->new(Peer => "$dir/run/control.sock") or die } 1 .. 16;
my $late = IO::Socket::UNIX->new(Peer => "$dir/run/control.sock") or die;
$late->autoflush(1);
{ local $SIG{PIPE} = 'IGNORE'; print $late qq({"command":"status"}\n) }
close shift @held;
like +(readline $late) // 'sent away', qr/"ok":true/, 'the seventeenth is served when one of sixteen is gone';
@held = ();

# SIGTERM waits for the session under way, a second one does not.
my $m = MilterClient->new($sock);
$m->begin;
kill 'TERM', $pid;
$lab->wait_for('the socket to go', 10, sub { !-e $sock });
ok is_alive($pid), 'SIGTERM waits for the session';
my $before = time;
end($pid);
cmp_ok time - $before, '<', 8, 'a second SIGTERM does not';
($code, $out) = run('-b', '-c', conf('bg', drain_timeout => '300ms'));
$pid = holder("$dir/run/control.sock");
$m = MilterClient->new($sock);
$m->begin;
end($pid);
pass 'drain_timeout bounds the wait';

# ---- out of descriptors --------------------------------------------------------------------------------
conf('few', listen_mode => '0666');
$lab->spawn('few', 'sh', '-c', 'ulimit -n 48; exec "$@"', 'sh', $posternd, '-c', "$dir/few.conf");
$lab->wait_for('ready', 30, sub { $lab->log =~ /ready version=.*\z/s && -S $sock && verdict($sock) =~ /^554/ });
my @many;
for (1 .. 80) {
	my $s = IO::Socket::UNIX->new(Peer => $sock) or last;
	push @many, $s;
}
sleep 0.5;
close $_ for splice @many;
$lab->wait_for('descriptors to come back', 30, sub { verdict($sock) =~ $Scenario::REFUSED{spam} });
pass 'more clients than descriptors: it serves again when they are gone';
ok $lab->alive('few'), 'and lives';
done_testing;
