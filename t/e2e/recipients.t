#!/usr/bin/perl
# Recipients the MTA refuses itself: unknown ones are evidence of guessing, its relay
# control too; what it puts off, or refuses for reasons of its own, is none; a table of
# ours that broke is told apart. Through Postfix and Sendmail.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP ();
use Lab;
use Refusals;
use Scenario;
use Test::More;

plan skip_all => 'needs root to start an MTA' if $> != 0;
Refusals::enter_network();
my $public = Refusals::public_clients();
my $ANN = 'ann@client.example';

# What Postfix knows: two mailboxes, one domain.
my @POSTFIX = ('virtual_mailbox_domains=postern.test', 'virtual_mailbox_maps=inline:{you@postern.test=you/, too@postern.test=too/}',
	'relay_domains=', 'smtpd_recipient_restrictions=check_recipient_access inline:{{notnow@postern.test = 450 4.2.0 Try again later},{policy@postern.test = 554 5.7.1 Not this one}}');

sub offer {
	my ($kind, $port, $ip, @to) = @_;
	my $c = Refusals::client($kind, $port, $ip);
	$c->cmd("MAIL FROM:<$ANN>");
	my @replies = map { $c->cmd("RCPT TO:<$_>") } @to;
	$c->quit;
	return @replies;
}

sub counts {
	my ($lab, $ip) = @_;
	my (undef, $out) = $lab->postern('rep', 'show', '--json', $ip);
	my $j = eval { JSON::PP->new->decode($out) } || {};
	return $j->{counts} || {};
}

# Sendmail only tells of users its mailer does not know, not of what a ruleset refused.
sub evidence {
	my ($lab, $kind, $port) = @_;
	my $nobody = $kind eq 'postfix' ? 'nobody@postern.test' : 'nosuchuser@accounts.test';
	my @reply = offer($kind, $port, '203.0.70.1', ($nobody) x 3);
	like $_, qr/^550 5\.1\.1 /, "$kind: unknown to the MTA" for @reply;
	$lab->wait_for('evidence', 10, sub { counts($lab, '203.0.70.1')->{unknown} });
	is counts($lab, '203.0.70.1')->{unknown}, 1, "$kind: one transaction of unknown recipients is counted";

	@reply = offer($kind, $port, '203.0.71.1', $kind eq 'postfix' ? 'x@elsewhere.example' : 'norelay@elsewhere.example');
	like $reply[0], qr/^5\d\d 5\.7\.1 .*[Rr]elay/, "$kind: the MTA's relay control";
	$lab->wait_for('evidence', 10, sub { counts($lab, '203.0.71.1')->{relay} }) if $kind eq 'postfix';
	is counts($lab, '203.0.71.1')->{unknown} || 0, 0, "$kind: is relaying, not guessing";

	@reply = offer($kind, $port, '203.0.72.1', map { 'notnow@postern.test' } 1 .. 15);
	like $reply[-1], qr/^45\d 4\.2\.0 /, "$kind: put off by the MTA";
	if ($kind eq 'postfix') {
		@reply = offer($kind, $port, '203.0.72.1', 'policy@postern.test');
		like $reply[0], qr/^554 5\.7\.1 .*Not this one/, "$kind: refused by the MTA's own policy";
	}
	# The store has one queue: when this one is there, the others would be.
	offer($kind, $port, '203.0.70.9', $nobody);
	$lab->wait_for('evidence', 10, sub { counts($lab, '203.0.70.9')->{unknown} });
	is counts($lab, '203.0.72.1')->{unknown} || 0, 0, "$kind: neither is guessing";
}

sub broken_table {
	my ($lab, $kind, $port) = @_;
	my $domain = $kind eq 'postfix' ? 'postern.test' : 'accounts.test';
	offer($kind, $port, "203.0.$_.1", map { "nosuchuser$_\@$domain" } 1 .. 6) for 80 .. 86;
	like $lab->log, qr/recipients domain=\Q$domain\E refused=\d+ accepted=0 why="the MTA knows nobody there/, "$kind: a domain nobody is known in is ours to mend";
	offer($kind, $port, '203.0.87.1', map { "nosuchuser$_\@$domain" } 1 .. 15);
	is counts($lab, '203.0.87.1')->{unknown} || 0, 0, "$kind: and no evidence against clients";
	is scalar(my @lines = $lab->log =~ /recipients domain=\Q$domain\E/g), 1, "$kind: one line";
}

for my $kind (qw(postfix sendmail)) {
	SKIP: {
		skip 'no public client addresses for sendmail here', 1 if $kind eq 'sendmail' && !$public;
		my $lab = Lab->new;
		$lab->start_posternd(rules => Scenario::write_rules($lab));
		my $port = $lab->start_mta($kind, $kind eq 'postfix' ? (options => \@POSTFIX) : ());
		skip "no private $kind on this machine", 1 unless $port;
		evidence($lab, $kind, $port);
		broken_table($lab, $kind, $port);
		ok $lab->alive('posternd'), "$kind: posternd is still there";
		unlike $lab->log, qr/problem=/, "$kind: nothing libmilter refused";
	}
}
done_testing;
