#!/usr/bin/perl
# kill -9 of posternd, of Redis, of both, at any moment while mail comes in: what
# a reply was sent for is counted, once.
#
# POSTERN_KILLS=N: so many rounds, 9 if not said.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use MilterClient;
use Scenario;
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'no redis-server here' unless Lab::has_command('redis-server');
my $rounds = $ENV{POSTERN_KILLS} || 9;
my $lab = Lab->new;
my $rules = Scenario::write_rules($lab);
my $sock = "$lab->{dir}/run/milter.sock";
my @client = map { "203.0.113.$_" } 1 .. 5;
my ($acknowledged, $in_flight) = (0, 0);

sub start_redis { $lab->start_redis(options => [ '--appendonly', 'yes', '--appendfsync', 'everysec' ]) }

sub start_posternd {
	my ($redis) = @_;
	unlink "$lab->{dir}/run/posternd.log", $sock;
	$lab->start_posternd(rules => $rules, redis => $redis, journal_sync => '200ms');
}

# Sends until its daemon is gone or it is told to stop; a byte for each verdict.
sub start_sender {
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork // die "fork: $!";
	return ($pid, $read) if $pid;
	close $read;
	my $stop = 0;
	local $SIG{TERM} = sub { $stop = 1 };
	local $SIG{__WARN__} = sub { };	# of a daemon that dies in mid-sentence
	for (my $n = 0; !$stop; $n++) {
		my $r = eval {
			my $m = MilterClient->new($sock, client => $client[$n % @client]);
			$m->message(text => $Scenario::TEXT{clean}, to => ["u$n\@postern.test"]);
		};
		last unless $r && $r->{action} eq 'accept';
		syswrite $write, 'x';
	}
	POSIX::_exit(0);
}

sub drain {
	my ($pid, $read) = @_;
	my $n = 0;
	while (sysread $read, my $bytes, 4096) { $n += length $bytes }
	waitpid $pid, 0;
	return $n;
}

my $redis = start_redis();
start_posternd($redis);
for my $round (1 .. $rounds) {
	my ($pid, $read) = start_sender();
	sleep 0.05 + rand 0.4;
	my $what = $round % 3;
	if ($what != 1) {
		$lab->stop('redis', 'KILL');
		sleep rand 0.3;
	}
	if ($what == 2) {
		kill 'TERM', $pid;
	} else {
		$lab->stop('posternd', 'KILL');
		$in_flight++;
	}
	$acknowledged += drain($pid, $read);
	$redis = start_redis() if $what != 1;
	start_posternd($redis) if $what != 2;
}

sub seen {
	my ($unit) = @_;
	return $lab->redis_cli('redis', 'HGET', "postern:rep:{$unit}", 'seen') || 0;
}

sub total { my $n = 0; $n += seen("4:$_") for @client; return $n }

ok $acknowledged > $rounds, "$acknowledged messages got their verdict in $rounds rounds";
$lab->wait_for('the journal to be written', 30, sub {
	my (undef, $out) = $lab->postern('status', '--json');
	return $out =~ /"waiting":\s*0\b/ && $out =~ /"state":\s*"up"/ && total() >= $acknowledged;
});
sleep 0.5;	# what would come twice would come now
my $total = total();
cmp_ok $total, '>=', $acknowledged, 'each is counted';
cmp_ok $total, '<=', $acknowledged + $in_flight, 'none twice: at most one more for each killed daemon';
is seen('n:203.0.113.0/24'), $total, 'the network counted the same';
is seen('site'), $total, 'and the site';
diag "acknowledged $acknowledged, counted $total, daemons killed $in_flight" if $ENV{POSTERN_KILLS};
done_testing;
