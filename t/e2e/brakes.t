#!/usr/bin/perl
# Greylist and throttle for clients on watch, through a real Postfix with Redis and
# a real Sendmail with the in-process store.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use MilterClient;
use Refusals;
use Scenario;
use Test::More;

plan skip_all => 'needs root to start an MTA' if $> != 0;
Refusals::enter_network();
my $public = Refusals::public_clients();

my $ANN = 'ann@client.example';
my $CLEAN = Scenario::message($Scenario::TEXT{clean});
my %SETTINGS = (grey_delay => '1s', grey_proof => 2, throttle_interval => '1h', rep_protect => '203.0.61.0/24', throttle_messages => 12, throttle_recipients => 40);

sub trial { my ($ip) = @_; return qr/^451 4\.7\.1 <unknown\[\Q$ip\E\]>: Client host is on trial; try again in 1 seconds $Scenario::REF/ }

# Deep in watch, where a few good messages do not end it: rep_protect keeps the client
# from being listed.
sub make_watched {
	my ($lab, $ip) = @_;
	my $m = MilterClient->new("$lab->{dir}/run/milter.sock", client => $ip);
	my $n = 0;
	$lab->wait_for("$ip to be on watch", 60, sub {
		$m->message(to => [ 'u' . $n++ . '@postern.test' ], text => $Scenario::TEXT{spam}) while $n < 60;
		my (undef, $out) = $lab->postern('rep', 'show', '--json', $ip);
		$out =~ /"state":\s*"watch"/;
	});
	$m->quit;
}

# The brakes are put on in a running daemon.
sub brake_on {
	my ($lab) = @_;
	my $conf = $lab->slurp("$lab->{dir}/postern.conf");
	$lab->write_file("$lab->{dir}/postern.conf", "${conf}greylist = watch\nthrottle = watch\n");
	my ($rc, $out) = $lab->postern('reload');
	is $rc, 0, 'reload' or diag $out;
}

sub offer {
	my ($kind, $port, $ip, @to) = @_;
	my $c = Refusals::client($kind, $port, $ip);
	$c->cmd("MAIL FROM:<$ANN>");
	my @replies = map { $c->cmd("RCPT TO:<$_>") } @to;
	return ($c, @replies);
}

# Offers until it is taken; the number of tries.
sub offer_until_taken {
	my ($lab, $kind, $port, $ip, $to) = @_;
	my $tries = 0;
	$lab->wait_for("$to to be taken", 20, sub {
		$tries++;
		my ($c, $reply) = offer($kind, $port, $ip, $to);
		my $taken = $reply =~ /^250/;
		like $c->data($CLEAN), qr/^250/, "$kind: once taken the message passes" if $taken;
		$c->quit;
		select undef, undef, undef, 0.4 unless $taken;
		$taken;
	});
	return $tries;
}

sub greylist {
	my ($lab, $kind, $port, $ip) = @_;
	my ($c, @reply) = offer($kind, $port, $ip, 'you@postern.test', 'too@postern.test', 'postmaster@postern.test');
	like $reply[$_], trial($ip), "$kind: recipient $_ of a client on watch is put off" for 0, 1;
	like $reply[2], qr/^250/, "$kind: postmaster is not";
	$c->cmd('RSET');
	$c->cmd("MAIL FROM:<$ANN>");
	like $c->cmd('RCPT TO:<you@postern.test>'), trial($ip), "$kind: nor does RSET help";
	like $c->cmd('DATA'), qr/^(?:554 5\.5\.1|503 5\.0\.0)/, "$kind: no body is asked for";
	$c->quit;
	my $record = Refusals::record($lab, Refusals::ref_of($reply[0]));
	is $record->{by}, 'greylist', "$kind: the record names the greylist";
	cmp_ok offer_until_taken($lab, $kind, $port, $ip, 'you@postern.test'), '>=', 1, "$kind: the pair passes when it comes again";
	($c, @reply) = offer($kind, $port, $ip, 'you@postern.test', 'new@postern.test');
	like $reply[0], qr/^250/, "$kind: what passed once passes at once";
	like $reply[1], trial($ip), "$kind: one pair is no proof of two";
	$c->quit;
	offer_until_taken($lab, $kind, $port, $ip, 'too@postern.test');
	($c, @reply) = offer($kind, $port, $ip, 'never@postern.test');
	like $reply[0], qr/^250/, "$kind: two are: the client has proved itself";
	$c->quit;
}

sub throttle {
	my ($lab, $kind, $port, $ip) = @_;
	my ($taken, $reply, $c) = (0);
	for (1 .. 20) {
		($c, $reply) = offer($kind, $port, $ip, 'you@postern.test');
		$c->quit;
		last unless $reply =~ /^250/;
		$taken++;
	}
	like $reply, qr/^451 4\.7\.1 <unknown\[\Q$ip\E\]>: Client host sends too much; try again in \d+ seconds $Scenario::REF/,
		"$kind: what is too much is put off (after $taken)";
	cmp_ok $taken, '<', 12, "$kind: at its limit";
	($c, $reply) = offer($kind, $port, $ip, 'abuse@postern.test');
	like $reply, qr/^250/, "$kind: abuse is exempt";
	$c->quit;
	($c, $reply) = offer($kind, $port, '203.0.60.1', 'you@postern.test');
	like $reply, qr/^250/, "$kind: a client without standing is not slowed down";
	$c->quit;
}

for my $case ([ 'postfix', 'redis' ], [ 'sendmail', 'none' ]) {
	my ($kind, $store) = @$case;
	my $ip = '203.0.61.7';
	SKIP: {
		skip 'no public client addresses for sendmail here', 1 if $kind eq 'sendmail' && !$public;
		skip 'no redis-server here', 1 if $store eq 'redis' && !Lab::has_command('redis-server');
		my $lab = Lab->new;
		my $redis = $store eq 'redis' ? $lab->start_redis : 'none';
		$lab->start_posternd(rules => Scenario::write_rules($lab), local_domains => 'postern.test', redis => $redis, %SETTINGS);
		my $port = $lab->start_mta($kind);
		skip "no private $kind on this machine", 1 unless $port;
		make_watched($lab, $ip);
		brake_on($lab);
		greylist($lab, $kind, $port, $ip);
		throttle($lab, $kind, $port, $ip);
		my (undef, $show) = $lab->postern('rep', 'show', $ip);
		like $show, qr/^  greylist +pairs of sender and recipient: 1 wait, [2-9] passed; proof 2; last new one 20/m, "$kind: rep show tells of the greylist";
		like $show, qr/^  throttle +messages counted for the next \d+ s, (?:all room for )?recipients/m, "$kind: and of the throttle";
		my (undef, $status) = $lab->postern('status', '--json');
		like $status, qr/"braked":\s*[1-9]/, "$kind: the counter says so";
		if ($store eq 'redis') {
			like $lab->redis_cli('redis', 'HGETALL', "postern:grey:{4:$ip}"), qr/\bpass \d+/, 'Redis: pairs that passed';
			cmp_ok $lab->redis_cli('redis', 'PTTL', "postern:throttle:{4:$ip}"), '>', 0, 'Redis: every key has its life';
			$lab->postern('rep', 'forget', $ip, '--why', 'test');
			is $lab->redis_cli('redis', 'EXISTS', "postern:grey:{4:$ip}", "postern:throttle:{4:$ip}"), 0, 'rep forget takes them along';
		}
		ok $lab->alive('posternd'), "$kind: posternd is still there";
		unlike $lab->log, qr/problem=/, "$kind: nothing libmilter refused";
	}
}
done_testing;
